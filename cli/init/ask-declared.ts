/** Asks what an EU tenant must declare of a destination: its country, or why messages may leave the EU. Not of this machine. */

import { isInEea } from '../../src/domain/countries.ts';
import { TRANSFER_MECHANISMS } from '../../src/domain/messages-config.ts';
import type { Residency } from '../../src/domain/tenant-config.ts';
import { isLoopbackHost } from '../../src/lib/host-name.ts';
import type { Prompts } from '../io.ts';

type Mechanism = (typeof TRANSFER_MECHANISMS)[number];

export interface Country {
  readonly country?: string;
}
export interface TransferBasis {
  readonly transfer_basis?: { readonly mechanism: Mechanism; readonly reference: string };
}

const MECHANISMS: Readonly<Record<Mechanism, string>> = {
  adequacy_decision: 'An adequacy decision (Article 45)',
  standard_contractual_clauses: 'Standard contractual clauses (Article 46)',
  binding_corporate_rules: 'Binding corporate rules (Article 47)',
  derogation: 'A derogation (Article 49)',
};

export async function askCountry(
  prompts: Prompts,
  { residency, url }: { readonly residency: Residency; readonly url: string },
  before: Country | undefined,
): Promise<Country> {
  if (!mustDeclare(residency, url)) return {};
  const country = await prompts.text({
    message: 'Country where it processes data, in the EU or the EEA: two letters',
    placeholder: 'FR',
    ...(before?.country !== undefined && { initial: before.country }),
    validate: (value) =>
      isInEea(codeOf(value)) ? undefined : 'It is no country of the EU or the EEA, such as FR, DE or NO.',
  });
  return { country: codeOf(country) };
}

/** Slack's and Teams'. */
export async function askTransferBasis(
  prompts: Prompts,
  { residency, url }: { readonly residency: Residency; readonly url: string },
  before: TransferBasis | undefined,
): Promise<TransferBasis> {
  if (!mustDeclare(residency, url)) return {};
  const earlier = before?.transfer_basis;
  const mechanism = await prompts.select<Mechanism>({
    message:
      'It is outside the EU, and is told no user, no device and no free text. On what ground may messages go there?',
    options: TRANSFER_MECHANISMS.map((value) => ({ value, label: MECHANISMS[value] })),
    initial: earlier?.mechanism ?? 'standard_contractual_clauses',
  });
  const reference = await prompts.text({
    message: 'Where is that written down?',
    placeholder: 'Contract 2026-11, annex 3',
    ...(earlier && { initial: earlier.reference }),
    validate: (value) =>
      /^.{1,300}$/.test(value.trim()) ? undefined : 'It is one line of 1 to 300 characters.',
  });
  return { transfer_basis: { mechanism, reference: reference.trim() } };
}

function mustDeclare(residency: Residency, url: string): boolean {
  const written = URL.parse(url) ?? URL.parse(`https://${url}`);
  return residency === 'eu' && !(written && isLoopbackHost(written.hostname));
}

function codeOf(text: string): string {
  return text.trim().toUpperCase();
}
