import type { FromGateway } from '../workers/gatewayMessages.ts';
import type { InputPayload } from './inputs.ts';

/** What the core hears of a gateway's message; null for those about the thread itself. */
export function gatewayInput(message: FromGateway): InputPayload | null {
  switch (message.type) {
    case 'placed':
      return { type: 'order.placed', clientOrderId: message.clientOrderId, answer: message.answer };
    case 'refused':
      return { type: 'order.refused', clientOrderId: message.clientOrderId, reason: message.reason };
    case 'resolved':
      return { type: 'order.resolved', clientOrderId: message.clientOrderId, answer: message.answer };
    case 'reconciled': {
      const { balances, openOrders, failures } = message;
      return { type: 'reconciled', balances, openOrders, failures };
    }
    case 'markets':
      return { type: 'markets', markets: message.markets, failures: message.failures };
    default:
      return null;
  }
}
