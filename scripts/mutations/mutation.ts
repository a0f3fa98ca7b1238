/** One way to break the program that one failure case's test must notice. */
export interface Mutation {
  /** Number of the failure case, such as A1. */
  readonly number: string;
  /** What is broken, as a person would say it. */
  readonly name: string;
  /** Source file, from the project's root. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly search: string;
  readonly replace: string;
  /** Where two layers hold the same promise: broken together, since either alone still keeps it. */
  readonly also?: readonly { readonly file: string; readonly search: string; readonly replace: string }[];
  /** Test file that must fail. */
  readonly test: string;
  /** Instead of every test whose title starts with the number: a pattern of the full title, as `vitest -t` takes it. */
  readonly only?: string;
}

/** Pattern of the titles that a mutation runs: `A1: …`, not `A11: …`. */
export const titlePattern = ({ number, only }: Mutation): string => only ?? `\\b${number}[: ]`;
