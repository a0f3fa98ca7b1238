import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'vitest/node';

/** One statement of a function, where it stands in the source and in the text that runs. */
export interface Statement {
  /** `permitDesk.ts:182:7`. */
  readonly id: string;
  /** Offset of its fault point in the instrumented text. */
  readonly offset: number;
}

export interface FaultySource {
  readonly text: string;
  readonly statements: readonly Statement[];
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [name: string]: unknown;
}

/**
 * The module with a call of `__faultPoint(id)` before each statement of its functions, arrow bodies and unbraced branches
 * included. Made at test time from the very text that runs in production, which thereby carries no hook at all.
 */
export function withFaultPoints(url: URL): FaultySource {
  const path = fileURLToPath(url);
  // Stripping keeps every position.
  const source = stripTypeScriptTypes(readFileSync(path, 'utf8'));
  const file = path.split('/').at(-1)!;
  const points: { readonly at: number; readonly before: string; readonly after: string; readonly end: number }[] = [];

  const idAt = (at: number) => {
    const lines = source.slice(0, at).split('\n');
    return `${file}:${lines.length}:${lines.at(-1)!.length + 1}`;
  };
  const point = (node: Node, form: 'statement' | 'braced' | 'expression') => {
    if (node.type === 'FunctionDeclaration' || node.type === 'EmptyStatement') return;
    const call = `__faultPoint(${JSON.stringify(idAt(node.start))})`;
    const [before, after] = { statement: [`${call};`, ''], braced: [`{${call};`, '}'], expression: [`(${call},`, ')'] }[
      form
    ];
    points.push({ at: node.start, end: node.end, before: before!, after: after! });
  };
  const visit = (node: Node, inFunction: boolean): void => {
    const isFunction = /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
    const inside = inFunction || isFunction;
    if (inside && node.type === 'BlockStatement') for (const one of node.body as Node[]) point(one, 'statement');
    if (inside && node.type === 'SwitchCase') for (const one of node.consequent as Node[]) point(one, 'statement');
    if (node.type === 'ArrowFunctionExpression' && (node.body as Node).type !== 'BlockStatement')
      point(node.body as Node, 'expression');
    if (inside && /^(If|For|ForOf|ForIn|While)Statement$/.test(node.type))
      for (const branch of [node.consequent, node.alternate, node.body] as (Node | null | undefined)[])
        if (branch && branch.type !== 'BlockStatement') point(branch, 'braced');
    for (const value of Object.values(node))
      for (const child of Array.isArray(value) ? value : [value])
        if (typeof child === 'object' && child !== null && typeof child.type === 'string') visit(child, inside);
  };
  visit(parseAst(source) as unknown as Node, false);

  // Outer insertions first at the same place; closings before what follows them.
  const inserts = points
    .flatMap(({ at, end, before, after }) => [
      { at, text: before, rank: 1, span: at - end, id: idAt(at) },
      ...(after === '' ? [] : [{ at: end, text: after, rank: 0, span: end - at, id: null }]),
    ])
    .sort((a, b) => a.at - b.at || a.rank - b.rank || a.span - b.span);
  let text = '';
  let from = 0;
  const statements: Statement[] = [];
  for (const { at, text: inserted, id } of inserts) {
    text += source.slice(from, at);
    from = at;
    if (id !== null) statements.push({ id, offset: text.length + inserted.indexOf('__faultPoint') });
    text += inserted;
  }
  return { text: text + source.slice(from), statements };
}
