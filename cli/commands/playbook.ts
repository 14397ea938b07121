/** `noxys-relay playbook list|show|test`: the bundled playbooks, and what they would have a tenant do. */

import { Argument, Command } from '@commander-js/extra-typings';

import { PLAYBOOK_STEPS, PLAYBOOKS, type PlaybookName } from '../../src/domain/playbook.ts';
import { PLAYBOOK_WORDS } from '../../src/domain/playbook-texts.ts';
import type { Act } from '../action.ts';
import type { Session } from '../session.ts';
import { testCommand } from './playbook-test.ts';

export function playbookCommand(act: Act) {
  const playbook = new Command('playbook')
    .summary('list, show and try the bundled playbooks')
    .description(
      'A playbook is what a case or an incident tells people to do about a detection. A rule names it with `relay: {playbook: …}`.',
    );
  for (const make of [listCommand, showCommand, testCommand]) playbook.addCommand(make(act));
  return playbook;
}

function listCommand(act: Act) {
  return new Command('list').summary('the bundled playbooks').action(
    act(async ({ out }: Session, _options: object) => {
      const playbooks = PLAYBOOKS.map((name) => ({ name, title: titleOf(name) }));
      out.result({ playbooks }, () =>
        out.table(
          [{ head: 'playbook' }, { head: 'title' }],
          playbooks.map(({ name, title }) => [name, title]),
        ),
      );
      return undefined;
    }),
  );
}

function showCommand(act: Act) {
  return new Command('show')
    .summary('the steps of a playbook')
    .addArgument(new Argument('<name>', 'which playbook').choices(PLAYBOOKS))
    .action(
      act(async ({ out }: Session, name: PlaybookName, _options: object) => {
        const steps = stepsOf(name);
        out.result({ name, title: titleOf(name), steps }, () =>
          [
            out.paint('strong', `${name}: ${titleOf(name)}`),
            ...steps.flatMap(({ relay, person }) => [
              ...(relay === undefined ? [] : [`  [x] ${relay}`]),
              ...(person === undefined ? [] : [`  [ ] ${relay === undefined ? '' : 'or '}${person}`]),
            ]),
            '',
            'Of [x] the relay says what it knows, where it knows it; [ ] is for a person to check.',
          ].join('\n'),
        );
        return undefined;
      }),
    );
}

/** What the relay says, and what a person is asked, where the relay does not know. */
function stepsOf(name: PlaybookName) {
  const { labels, asks } = PLAYBOOK_WORDS.en;
  return PLAYBOOK_STEPS[name].map(({ known, ask }) => ({
    ...(known && { relay: labels[known] }),
    ...(ask && { person: asks[ask] }),
  }));
}

function titleOf(name: PlaybookName): string {
  return PLAYBOOK_WORDS.en.titles[name];
}
