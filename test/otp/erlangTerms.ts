import {
  type Flags,
  isSupervisorPlan,
  type Op,
  type Scenario,
  type StartAnswer,
  type SupervisorPlan,
  type WorkerPlan,
} from './scenario.ts';

/** A scenario as the term that `oracle.escript` reads. */
export function scenarioTerm(scenario: Scenario): string {
  const starts = Object.entries(scenario.starts).map(([id, answers]) => `{${id}, ${answersTerm(id, answers)}}`);
  const config = flagsTerm(scenario, `, starts => [${starts.join(', ')}]`);
  return `{scenario, ${scenario.seed}, ${config}, ${childrenTerm(scenario.children)}, [${scenario.ops.map(opTerm).join(', ')}]}.`;
}

function flagsTerm({ strategy, intensity, auto }: Flags, more = ''): string {
  const name = strategy === 'dynamic' ? 'simple_one_for_one' : strategy;
  return `#{strategy => ${name}, intensity => ${intensity}, auto => ${auto}${more}}`;
}

const childrenTerm = (children: readonly (WorkerPlan | SupervisorPlan)[]) => `[${children.map(childTerm).join(', ')}]`;

function childTerm(plan: WorkerPlan | SupervisorPlan): string {
  const { id, restart, significant } = plan;
  if (isSupervisorPlan(plan)) {
    return `{sup, ${id}, ${restart}, ${significant}, ${flagsTerm(plan)}, ${childrenTerm(plan.children)}}`;
  }
  const shutdown = plan.shutdown === 'brutal' ? 'brutal_kill' : plan.shutdown;
  return `{${id}, ${restart}, ${shutdown}, ${significant}, ${plan.onAsk}}`;
}

function answersTerm(id: string, answers: readonly StartAnswer[]): string {
  const terms = answers.map((answer) =>
    typeof answer === 'string' ? answer : `{fail, {${answer.during}_child, ${id}}}`,
  );
  return `[${terms.join(', ')}]`;
}

function opTerm(op: Op): string {
  switch (op.op) {
    case 'die':
      return `{die, ${op.id}, ${op.how}}`;
    case 'dieTogether':
      return `{die_together, [${op.ids.join(', ')}]}`;
    case 'starts':
      return `{starts, ${op.id}, ${answersTerm(op.id, op.answers)}}`;
    case 'add':
      return `{add, ${childTerm(op.child)}}`;
    case 'change':
      return `{change, ${flagsTerm(op.flags)}, ${childrenTerm(op.children)}}`;
    case 'which':
    case 'count':
      return op.op;
    default:
      return `{${op.op}, ${op.id}}`;
  }
}
