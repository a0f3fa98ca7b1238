import type { ChaosGuardian } from './chaosGuardian.ts';
import type { ChaosHouse } from './chaosHouse.ts';
import type { Fault, PlannedFault, ThreadId } from './faultPlan.ts';
import type { OrderWatch } from './orderWatch.ts';

/** Deaths of a storm come so fast that every backoff is still short. */
const STORM_GAP_MS = 900;
const CORE_STORM_GAP_MS = 4_000;
const FLOOD_ACTIONS = ['status', 'disable_live', 'enable_live', 'getState', 'drain', 'enable_live'] as const;

export interface FaultHand {
  /** Now, or after the next order. */
  take(planned: PlannedFault): void;
  /** An order was decided, or left. */
  orderSeen(what: 'intent' | 'send'): void;
  /** Ends what still disturbs: the disk is free, the venues answer. */
  calm(): void;
  /** A failed journal is started again, every permit opened: what an operator does afterwards. */
  repair(): void;
  /** No new attempts: what is under way may finish. */
  stopTrading(): void;
}

/** Carries the plan out on the running system. */
export function createFaultHand(
  house: ChaosHouse,
  guardian: ChaosGuardian,
  orders: OrderWatch,
  count: (kind: string) => void,
): FaultHand {
  const { clock } = house;
  const random = house.random.fork('floods');
  let requests = 0;
  let lastId = 'chaos-0';
  let calmed = false;

  const ask = (action: Parameters<ReturnType<typeof guardian.core>['edge']['ask']>[0]['action'], target?: string) => {
    requests += 1;
    lastId = `chaos-${requests}`;
    return say(lastId, action, target);
  };
  const say = (id: string, action: Parameters<typeof ask>[0], target?: string) =>
    guardian.core().edge.ask({ id, action, reason: 'chaos', ...(target === undefined ? {} : { target }) });
  const killThread = (thread: ThreadId) => {
    count(`thread ${thread}`);
    if (guardian.core().isAlive()) guardian.core().crashThread(thread);
  };
  const killCore = (offsetMs: number) => {
    if (!guardian.core().isAlive()) return;
    count('core death');
    guardian.setOffset(offsetMs);
    guardian.core().die('killed');
  };
  const repeat = (times: number, gapMs: number, act: () => void) => {
    for (let nth = 0; nth < times; nth += 1) {
      clock.after(nth * gapMs, () => {
        if (!calmed) act();
      });
    }
  };

  const waiting: { intent: PlannedFault[]; send: PlannedFault[] } = { intent: [], send: [] };

  function apply(fault: Fault): void {
    const core = guardian.core();
    switch (fault.type) {
      case 'coreDeath':
        killCore(fault.offsetMs);
        return;
      case 'coreDeathAtRows':
        if (!core.isAlive()) return;
        count('core death between rows');
        guardian.setOffset(fault.offsetMs);
        core.dieAtRows(fault.batches);
        return;
      case 'corePause':
        count('core pause');
        if (core.isAlive()) house.reached('a core woke from a pause');
        core.pause(fault.forMs);
        return;
      case 'threadDeath':
        killThread(fault.thread);
        return;
      case 'deathStorm':
        repeat(fault.deaths, STORM_GAP_MS, () => killThread(fault.thread));
        return;
      case 'coreStorm':
        repeat(fault.deaths, CORE_STORM_GAP_MS, () => killCore(0));
        return;
      case 'drill':
        count('drill');
        void ask('crash', fault.target);
        return;
      case 'diskStall':
        count('disk stall');
        if (orders.living().some(({ state }) => state === 'intended'))
          house.reached('the journal was stalled while an intent waited');
        core.journal.stall(fault.forMs);
        return;
      case 'lateCommit':
        count('disk stall');
        core.journal.stall(fault.forMs);
        void ask(fault.action);
        return;
      case 'diskFull':
        count('disk full');
        house.disk.full = true;
        clock.after(fault.forMs, () => {
          house.disk.full = false;
        });
        return;
      case 'venue':
        house.venueFaults.begin(fault.fault);
        return;
      case 'control':
        count('latch');
        if (fault.action === 'flatten' && orders.attempts().length > 0)
          house.reached('a flatten was asked for while an attempt was under way');
        void ask(fault.action, fault.target);
        if (!fault.again) return;
        house.reached('the same control id was asked twice');
        void say(lastId, fault.action, fault.target);
        return;
      case 'flood':
        count('flood');
        for (let nth = 0; nth < fault.messages; nth += 1) {
          const action = FLOOD_ACTIONS[random.int(FLOOD_ACTIONS.length)]!;
          void ask(action, house.kernel.bots[nth % house.kernel.bots.length]!.id);
          if (nth % 2 === 1) void say(lastId, action, house.kernel.bots[nth % house.kernel.bots.length]!.id);
        }
        return;
      case 'operator':
        repair();
        return;
    }
  }

  return {
    take({ next, fault, ...when }) {
      if (next === undefined) apply(fault);
      else waiting[next.what].push({ next, fault, ...when });
    },
    orderSeen(what) {
      const due = waiting[what];
      waiting[what] = [];
      for (const { next, fault } of due) {
        clock.after(next!.delayMs, () => {
          if (!calmed) apply(fault);
        });
      }
    },
    calm() {
      calmed = true;
      house.disk.full = false;
      house.venueFaults.clear();
    },
    repair,
    stopTrading() {
      void ask('drain');
    },
  };

  function repair(): void {
    const core = guardian.core();
    if (!core.isAlive()) return;
    if (core.journal.hasFailed() && !house.disk.full) {
      house.reached('a failed journal was restarted');
      void ask('restart', 'journal');
    }
    for (const { id } of house.kernel.bots) void ask('enable_live', id);
    void ask('enable_live');
  }
}
