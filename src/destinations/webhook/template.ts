/** What is wrong with a webhook's body template. Pure. */

interface TemplateFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export function templateFaults(_body: Readonly<Record<string, unknown>>): readonly TemplateFault[] {
  return [];
}
