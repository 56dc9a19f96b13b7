/** redis-cli's command line. */
export type OutputMode = 'tty' | 'raw' | 'csv' | 'json'

export interface CliOptions {
  host: string
  port: number
  user: string | null
  password: string | null
  /** The password stood on the command line, which redis-cli warns about. */
  passwordShown: boolean
  db: number
  resp3: boolean
  output: OutputMode
  /** -r; -1 is for ever. */
  repeat: number
  /** -i */
  intervalSeconds: number
  /** -e: the exit code tells of an error reply. */
  errorExit: boolean
  hints: boolean
  /** The command, when one is given: not interactive then. */
  command: readonly string[]
}

export type ParsedOptions =
  | { readonly ok: true; readonly options: CliOptions }
  | { readonly ok: false; readonly text: string; readonly code: number }

const VERSION = 'redis-cli 7.0.15'
const USAGE = `${VERSION}

Usage: redis-cli [OPTIONS] [cmd [arg [arg ...]]]
  -h <hostname>      Server hostname (default: 127.0.0.1).
  -p <port>          Server port (default: 6379).
  -a <password>      Password to use when connecting to the server.
  -u <uri>           Server URI.
  -r <repeat>        Execute specified command N times.
  -i <interval>      When -r is used, waits <interval> seconds per command.
  -n <db>            Database number.
  -2                 Start session in RESP2 protocol mode.
  -3                 Start session in RESP3 protocol mode.
  -e                 Return exit error code when command execution fails.
  --raw              Use raw formatting for replies (default when STDOUT is not a tty).
  --no-raw           Force formatted output even when STDOUT is not a tty.
  --csv              Output in CSV format.
  --json             Output in JSON format.
  --user <username>  Used to send ACL style 'AUTH username pass'. Needs -a.
  --pass <password>  Alias of -a for consistency with the new --user option.
  --help             Output this help and exit.
  --version          Output version and exit.
`

export function parseOptions(argv: readonly string[]): ParsedOptions {
  const o: CliOptions = {
    host: '127.0.0.1',
    port: 6379,
    user: null,
    password: null,
    passwordShown: false,
    db: 0,
    resp3: false,
    output: 'tty',
    repeat: 1,
    intervalSeconds: 0,
    errorExit: false,
    hints: true,
    command: [],
  }
  for (let i = 0; i < argv.length; i++) {
    const name = argv[i] as string
    const value = argv[i + 1]
    const known = withValue(o, name, value)
    if (known === 'taken') i++
    else if (known !== 'flag') {
      if (known.startsWith('-')) return { ok: false, ...complaint(known) }
      return { ok: true, options: { ...o, command: argv.slice(i) } }
    }
  }
  return { ok: true, options: o }
}

function complaint(name: string): { text: string; code: number } {
  if (name === '--version' || name === '-v') return { text: `${VERSION}\n`, code: 0 }
  if (name === '--help') return { text: USAGE, code: 0 }
  return { text: `Unrecognized option or bad number of args for: '${name}'\n`, code: 1 }
}

/** 'taken' when the option used its value, 'flag' when it has none, otherwise the word itself. */
function withValue(o: CliOptions, name: string, value: string | undefined): string {
  switch (name) {
    case '-2':
      o.resp3 = false
      return 'flag'
    case '-3':
      o.resp3 = true
      return 'flag'
    case '-e':
      o.errorExit = true
      return 'flag'
    case '--raw':
      o.output = 'raw'
      return 'flag'
    case '--no-raw':
      o.output = 'tty'
      return 'flag'
    case '--csv':
      o.output = 'csv'
      return 'flag'
    case '--json':
      o.output = 'json'
      o.resp3 = true
      return 'flag'
    case '--no-auth-warning':
      return 'flag'
  }
  if (value === undefined) return name
  switch (name) {
    case '-h':
      o.host = value
      return 'taken'
    case '-p':
      o.port = Number.parseInt(value, 10) || 0
      return 'taken'
    case '-a':
    case '--pass':
      o.password = value
      o.passwordShown = true
      return 'taken'
    case '--user':
      o.user = value
      return 'taken'
    case '-n':
      o.db = Number.parseInt(value, 10) || 0
      return 'taken'
    case '-r':
      o.repeat = Number.parseInt(value, 10) || 0
      return 'taken'
    case '-i':
      o.intervalSeconds = Number(value) || 0
      return 'taken'
    case '-u':
      return parseUri(o, value) ? 'taken' : name
    default:
      return name
  }
}

/** redis://user:password@host:port/db */
function parseUri(o: CliOptions, uri: string): boolean {
  const m = /^rediss?:\/\/(?:(?:([^:@/]*):)?([^@/]*)@)?([^:/]*)(?::(\d+))?(?:\/(\d+)?)?$/.exec(uri)
  if (m === null) return false
  if (m[1]) o.user = decodeURIComponent(m[1])
  if (m[2]) {
    o.password = decodeURIComponent(m[2])
    o.passwordShown = true
  }
  if (m[3]) o.host = m[3]
  if (m[4]) o.port = Number(m[4])
  if (m[5]) o.db = Number(m[5])
  return true
}
