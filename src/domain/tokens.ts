import { NightjarError } from './errors.ts';

/** A Solana token: amounts on the wire are whole numbers of 10^-decimals. Source: wire reference section 4, read 2026-11-22. */
export interface Token {
  readonly symbol: string;
  readonly mint: string;
  readonly decimals: number;
}

export const TOKENS: Readonly<Record<string, Token>> = {
  SOL: { symbol: 'SOL', mint: 'So11111111111111111111111111111111111111112', decimals: 9 },
  USDC: { symbol: 'USDC', mint: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', decimals: 6 },
  RAY: { symbol: 'RAY', mint: '4k3Dyjzvzp8eMZWUXbBCjEvwSkkk59S5iCNLY3QrkX6R', decimals: 6 },
};

/** @throws NightjarError config.invalid for a symbol without a known mint: an impostor mint must never be guessed */
export function tokenOf(symbol: string): Token {
  const token = TOKENS[symbol];
  if (token === undefined) {
    throw new NightjarError(
      'config.invalid',
      `no Solana mint is known for "${symbol}"; known: ${Object.keys(TOKENS).join(', ')}`,
    );
  }
  return token;
}
