/** What rownet exports. */
import * as rownet from '../../../lib/index.js';

/** A public function, and its parameters as its source names them. */
export interface PublicName {
  readonly name: string;
  readonly parameters: string;
}

/** All that can be called: functions, constructors, their static and other methods. Errors are thrown, not called. */
export function publicNames(): PublicName[] {
  return Object.entries(rownet).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value !== 'function' || value.prototype instanceof Error) return [];
    const source = Function.prototype.toString.call(value);
    if (!/^class\b/.test(source)) return [{ name, parameters: parametersOf(source) }];
    const head = /\bconstructor\(.*/s.exec(source)?.[0] ?? '()';
    return [
      { name: `new ${name}`, parameters: parametersOf(head) },
      ...members(name, value.prototype, ['constructor']),
      ...members(name, value, ['length', 'name', 'prototype']),
    ];
  });
}

function members(name: string, of: object, skip: readonly string[]): PublicName[] {
  return Object.entries(Object.getOwnPropertyDescriptors(of))
    .filter(([key]) => !skip.includes(key))
    .map(([key, { value }]) => ({
      name: `${name}.${key}`,
      parameters: typeof value === 'function' ? parametersOf(Function.prototype.toString.call(value)) : '',
    }));
}

/** What stands in the first parentheses of a source, up to the body. */
function parametersOf(source: string): string {
  return /\(([^)]*)\)/.exec(source)?.[1] ?? '';
}
