/** The rules that come with the relay, parsed when the Worker was built: it reads no YAML of its own. Constants only. */

import type { SigmaDocument } from '../detection/document.ts';
import catalog from './catalog.json' with { type: 'json' };

export interface BundledRules {
  /** Below rules/. */
  readonly file: string;
  /** The first is the file's own rule; the others are what it refers to. */
  readonly documents: readonly SigmaDocument[];
}

export const CATALOG = catalog as unknown as readonly BundledRules[];
