import type { PlainError } from './errors.ts';

/** How a child ended. `shutdown` = it was asked to; `killed` = ended by force, without cleanup. */
export type ExitReason =
  | { readonly kind: 'normal' }
  | { readonly kind: 'shutdown' }
  | { readonly kind: 'killed' }
  | { readonly kind: 'crash'; readonly error: PlainError };
