import { crashMutations } from './crashes.ts';
import { fillMutations } from './fills.ts';
import { modeMutations } from './modes.ts';
import type { Mutation } from './mutation.ts';
import { orderMutations } from './orders.ts';
import { securityMutations } from './security.ts';
import { venueMutations } from './venues.ts';

/** Every named mutation, in the order of the failure cases. */
export const MUTATIONS: readonly Mutation[] = [
  ...orderMutations,
  ...fillMutations,
  ...venueMutations,
  ...crashMutations,
  ...modeMutations,
  ...securityMutations,
];
