/** What a check of `rownet doctor` finds. */
export interface Check {
  readonly name: string;
  /** A warning costs speed or a feature, a problem keeps rownet from working. */
  readonly status: 'ok' | 'warning' | 'problem';
  readonly message: string;
  /** What to do. */
  readonly hint?: string;
}

export function ok(name: string, message: string): Check {
  return { name, status: 'ok', message };
}

export function warning(name: string, message: string, hint: string): Check {
  return { name, status: 'warning', message, hint };
}

export function problem(name: string, message: string, hint: string): Check {
  return { name, status: 'problem', message, hint };
}
