/** A notice in words, in the tenant's language: what happened, and what to do. Pure. What a vendor or the platform said stays English. */

import { unreachable } from '../lib/result.ts';
import type { Language } from './language.ts';
import type { NoticeFacts } from './notice.ts';

export interface NoticeWords {
  /** One line, without a full stop. */
  readonly title: string;
  /** One to three sentences. */
  readonly text: string;
}

export function noticeWords(facts: NoticeFacts, language: Language): NoticeWords {
  return language === 'fr' ? inFrench(facts) : inEnglish(facts);
}

function inEnglish({ kind, lane = '', since, count = 0, detail }: NoticeFacts): NoticeWords {
  const events = count === 1 ? '1 event' : `${count} events`;
  switch (kind) {
    case 'lane_blocked':
      return {
        title: `${lane} is blocked`,
        text: `${lane} is blocked: ${detail ?? 'its destination refuses everything'}. Its events are kept. Mend the cause and save the config or resume the destination: until then one request is tried every 15 minutes.`,
      };
    case 'lane_recovered':
      return {
        title: `${lane} delivers again`,
        text: `${lane} delivers again. It was blocked since ${since}.`,
      };
    case 'dead_letters':
      return {
        title: `${lane}: ${events} could not be delivered`,
        text: `${events} of ${lane} could not be delivered and ${count === 1 ? 'waits as a dead letter. Look at its last answer, mend the cause and redrive it' : 'wait as dead letters. Look at their last answers, mend the cause and redrive them'}.`,
      };
    case 'events_expired':
      return {
        title: `${lane}: ${events} expired`,
        text: `${events} of ${lane} ${count === 1 ? 'was not delivered in time and is' : 'were not delivered in time and are'} gone.`,
      };
    case 'retention_near':
      return {
        title: `${lane}: ${events} will soon expire`,
        text: `${events} of ${lane} ${count === 1 ? 'is undelivered and near the end of its' : 'are undelivered and near the end of their'} retention${detail ? `: the first ${count === 1 ? 'is' : 'are'} gone on ${detail}` : ''}. Mend the destination, or raise retention.events.`,
      };
    case 'rule_failed':
      return {
        title: 'A detection rule failed',
        text:
          count === 0
            ? `Rules of the config can not be used since ${since}: ${detail ?? 'see the log'}. The others run. Save the config again to read what is wrong.`
            : `${detail ?? 'A detection rule'} failed on ${events} since ${since}: they were stored and delivered, and the rule did not look at them.`,
      };
    case 'isolation_waits':
      return {
        title: `${lane}: an isolation waits for a person`,
        text: `${lane} has isolated as many hosts within the hour as contain.per_hour_max allows: ${count === 1 ? 'one more detection asks' : `${count} more detections ask`} for it, and a person has to decide. Look at the dead letters of the lane, and redrive those whose hosts are to be isolated.`,
      };
    case 'inbound_limited':
      return {
        title: 'Webhooks were answered 429',
        text: `Webhooks with ${events} were answered 429 since ${since}. Noxys sends them again; if that lasts, raise limits.events_per_minute.`,
      };
    default:
      return unreachable(kind);
  }
}

function inFrench({ kind, lane = '', since, count = 0, detail }: NoticeFacts): NoticeWords {
  // French counts 0 and 1 alike.
  const isOne = count < 2;
  const events = `${count} événement${isOne ? '' : 's'}`;
  switch (kind) {
    case 'lane_blocked':
      return {
        title: `${lane} est bloqué`,
        text: `Le flux ${lane} est bloqué : ${detail ?? 'sa destination refuse tout'}. Ses événements sont conservés. Corrigez la cause, puis enregistrez la configuration ou relancez la destination ; d’ici là, une requête est tentée toutes les 15 minutes.`,
      };
    case 'lane_recovered':
      return {
        title: `${lane} livre de nouveau`,
        text: `Le flux ${lane} livre de nouveau. Il était bloqué depuis le ${since}.`,
      };
    case 'dead_letters':
      return {
        title: `${lane} : ${events} non livré${isOne ? '' : 's'}`,
        text: `${events} du flux ${lane} ${isOne ? 'n’a pas pu être livré et attend' : 'n’ont pas pu être livrés et attendent'} parmi les lettres mortes. Consultez ${isOne ? 'sa dernière réponse' : 'leurs dernières réponses'}, corrigez la cause, puis relancez-${isOne ? 'le' : 'les'}.`,
      };
    case 'events_expired':
      return {
        title: `${lane} : ${events} expiré${isOne ? '' : 's'}`,
        text: `${events} du flux ${lane} ${isOne ? 'n’a pas été livré à temps et a été supprimé' : 'n’ont pas été livrés à temps et ont été supprimés'}.`,
      };
    case 'retention_near':
      return {
        title: `${lane} : ${events} bientôt expiré${isOne ? '' : 's'}`,
        text: `${events} du flux ${lane} ${isOne ? 'n’est pas livré et arrive' : 'ne sont pas livrés et arrivent'} en fin de conservation${detail ? ` : première suppression le ${detail}` : ''}. Rétablissez la destination ou augmentez retention.events.`,
      };
    case 'rule_failed':
      return {
        title: 'Une règle de détection a échoué',
        text:
          count === 0
            ? `Des règles de la configuration ne sont plus utilisables depuis le ${since} : ${detail ?? 'voir le journal'}. Les autres fonctionnent. Enregistrez de nouveau la configuration pour lire ce qui ne va pas.`
            : `${detail ?? 'Une règle de détection'} a échoué sur ${events} depuis le ${since} : ils ont été enregistrés et livrés sans que la règle les examine.`,
      };
    case 'isolation_waits':
      return {
        title: `${lane} : un isolement attend une décision humaine`,
        text: `Le flux ${lane} a isolé autant de postes dans l’heure que contain.per_hour_max le permet : ${isOne ? 'une autre détection demande' : `${count} autres détections demandent`} un isolement, et une personne doit décider. Consultez les lettres mortes du flux et relancez celles dont le poste doit être isolé.`,
      };
    case 'inbound_limited':
      return {
        title: 'Des webhooks ont reçu la réponse 429',
        text: `Depuis le ${since}, des webhooks portant ${events} ont reçu la réponse 429. Noxys les renverra ; si cela dure, augmentez limits.events_per_minute.`,
      };
    default:
      return unreachable(kind);
  }
}
