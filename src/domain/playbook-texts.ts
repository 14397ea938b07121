/** The words of playbooks and of a user's day, in every language of the relay. Pure: values are put in as they come. */

import type { Language } from './language.ts';
import type { Ask, Known, PlaybookName } from './playbook.ts';

export interface PlaybookWords {
  readonly titles: Readonly<Record<PlaybookName, string>>;
  readonly labels: Readonly<Record<Known, string>>;
  readonly asks: Readonly<Record<Ask, string>>;
  /** Before what is not known. */
  readonly toCheck: string;
  /** Between a label and its value. */
  readonly colon: string;
  readonly unnamed: string;
  readonly none: string;
  readonly atLeast: string;
  /** Between a count and its window. */
  readonly within: string;
  readonly askedFor: string;
  readonly elsewhere: string;
  readonly told: string;
  readonly toldByMessage: string;
  readonly events: (count: number) => string;
  readonly onDevice: (count: number) => string;
  readonly watched: (until: string) => string;
}

const EN: PlaybookWords = {
  titles: {
    unauthorized_platform: 'Unauthorized AI platform',
    critical_response: 'Critical response',
    credential_exposure: 'Credential exposure',
  },
  labels: {
    user: 'User and device',
    day: "The user's last 24 hours",
    earlier: 'Earlier detections in that time',
    count: 'Counted',
    isolation: 'Isolation of the host',
    workflow: 'Fusion workflow',
    watch: 'User watched',
    team: 'Security team',
  },
  asks: {
    user: 'who was it, and on which device?',
    day: 'what did the user do in the last 24 hours?',
    isolate: 'must the host be isolated?',
    training: 'has the user completed the security training?',
    manager: "has the user's manager been told?",
    submitted: 'did the user submit actual credentials?',
    reset: 'are exposed credentials reset?',
    awareness: 'is a security awareness training scheduled?',
    ticket: 'is there a ticket?',
    process: 'must a process on the endpoint be blocked? Noxys names none',
    mfa: 'has the user MFA enabled?',
    password: 'is the password reset?',
    sessions: 'are the sessions cleared?',
    told: 'has the user been told?',
    watch: 'is the user watched for 24 hours?',
    close: 'true or false positive? Mark the detection at the relay',
  },
  toCheck: 'To check: ',
  colon: ': ',
  unnamed: 'not named',
  none: 'none',
  atLeast: 'at least ',
  within: 'in',
  askedFor: "asked for by the rule; the relay's audit says what came of it",
  elsewhere: 'asked for by the rule, but not of this destination',
  told: 'told by this text',
  toldByMessage: 'told by this text; the rule asks for a message, too',
  events: (count) => `${count} ${count === 1 ? 'event' : 'events'}`,
  onDevice: (count) => `, ${count} of them on this device`,
  watched: (until) => `until ${until}, further events count one level graver`,
};

const FR: PlaybookWords = {
  titles: {
    unauthorized_platform: "Plateforme d'IA non autorisée",
    critical_response: 'Réponse critique',
    credential_exposure: "Exposition d'identifiants",
  },
  labels: {
    user: 'Utilisateur et poste',
    day: "Les dernières 24 heures de l'utilisateur",
    earlier: 'Détections antérieures sur cette période',
    count: 'Décompte',
    isolation: 'Isolement du poste',
    workflow: 'Workflow Fusion',
    watch: 'Utilisateur surveillé',
    team: 'Équipe de sécurité',
  },
  asks: {
    user: 'qui était-ce, et sur quel poste ?',
    day: "qu'a fait l'utilisateur ces dernières 24 heures ?",
    isolate: 'faut-il isoler le poste ?',
    training: "l'utilisateur a-t-il suivi la formation à la sécurité ?",
    manager: "le responsable de l'utilisateur est-il prévenu ?",
    submitted: "l'utilisateur a-t-il saisi de vrais identifiants ?",
    reset: 'les identifiants exposés sont-ils réinitialisés ?',
    awareness: 'une sensibilisation à la sécurité est-elle planifiée ?',
    ticket: 'y a-t-il un ticket ?',
    process: "faut-il bloquer un processus sur le poste ? Noxys n'en nomme aucun",
    mfa: "l'utilisateur a-t-il activé la MFA ?",
    password: 'le mot de passe est-il réinitialisé ?',
    sessions: 'les sessions sont-elles fermées ?',
    told: "l'utilisateur est-il prévenu ?",
    watch: "l'utilisateur est-il surveillé pendant 24 heures ?",
    close: 'vrai ou faux positif ? Marquez la détection dans le relais',
  },
  toCheck: 'À vérifier : ',
  colon: ' : ',
  unnamed: 'non indiqué',
  none: 'aucune',
  atLeast: 'au moins ',
  within: 'en',
  askedFor: "demandé par la règle ; l'audit du relais en donne le résultat",
  elsewhere: 'demandé par la règle, mais pas à cette destination',
  told: 'informée par ce texte',
  toldByMessage: 'informée par ce texte ; la règle demande aussi un message',
  events: (count) => `${count} ${count < 2 ? 'événement' : 'événements'}`,
  onDevice: (count) => `, dont ${count} sur ce poste`,
  watched: (until) => `jusqu'au ${until}, ses événements comptent un niveau plus grave`,
};

export const PLAYBOOK_WORDS: Readonly<Record<Language, PlaybookWords>> = { en: EN, fr: FR };
