/** How the relay names itself to a destination. Its audit log shows it. */
export const USER_AGENT = 'noxys-relay/0.1';
