/** One adjustable number or choice of a bot, declared beside the strategy that reads it. The config schema, its docs and `set_knob` are made from these. */
export interface NumberKnob {
  readonly kind: 'number';
  readonly unit: string;
  readonly help: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** The one step by which `set_knob` may move it; absent = moves by control only with --force. */
  readonly click?: number;
  readonly frozen?: boolean;
}

export interface ChoiceKnob<T extends string = string> {
  readonly kind: 'choice';
  readonly help: string;
  readonly default: T;
  readonly options: readonly T[];
}

/** On or off. */
export interface BooleanKnob {
  readonly kind: 'boolean';
  readonly help: string;
  readonly default: boolean;
}

export type Knob = NumberKnob | ChoiceKnob | BooleanKnob;

/** The values of a knob table. */
export type KnobValues<Table extends Readonly<Record<string, Knob>>> = {
  readonly [Name in keyof Table]: Table[Name] extends ChoiceKnob<infer Option>
    ? Option
    : Table[Name] extends BooleanKnob
      ? boolean
      : number;
};

/** A relation between knobs that does not hold. `refuse` stops the start, `warn` is printed. */
export interface KnobFinding {
  readonly severity: 'refuse' | 'warn' | 'info';
  readonly path: string;
  readonly value: string;
  readonly limit: string;
  readonly remedy: string;
}
