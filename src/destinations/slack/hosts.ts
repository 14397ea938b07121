/** Where Slack takes messages. Pure. Source: docs.slack.dev on incoming webhooks and on GovSlack, read 2026-11. */

/** Of incoming webhooks. The second is of GovSlack. */
export const SLACK_HOSTS: readonly string[] = ['hooks.slack.com', 'hooks.slack-gov.com'];

/** Whether a host is Slack's, whatever it is for. */
export function isSlackHost(hostname: string): boolean {
  return /(?:^|\.)slack(?:-gov)?\.com$/.test(hostname);
}
