/** What redis-cli says when a connection cannot be made. */
const ERRNO_TEXT: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  EHOSTUNREACH: 'No route to host',
  ETIMEDOUT: 'Connection timed out',
  ENOTFOUND: 'Name or service not known',
}

export const connectError = (host: string, port: number, error: string): string =>
  `Could not connect to Redis at ${host}:${port}: ${ERRNO_TEXT[error] ?? error}`
