/** redis-cli's command line. */
import { type Bytes, utf8Encode } from '../../bytes/bytes.ts'
import { splitArgs } from '../../bytes/quote.ts'
import { type ClusterOptions, clusterDefaults, takeClusterOption } from './cluster/options.ts'

export type OutputMode = 'tty' | 'raw' | 'csv' | 'json' | 'quoted-json'
export type ModeName =
  | 'bigkeys'
  | 'memkeys'
  | 'hotkeys'
  | 'scan'
  | 'stat'
  | 'latency'
  | 'latency-history'
  | 'latency-dist'
  | 'pipe'

export interface CliOptions {
  host: string
  port: number
  user: string | null
  password: string | null
  /** The password stood on the command line, which redis-cli warns about. */
  passwordShown: boolean
  db: number
  resp3: boolean
  /** -2 or -3 was given: --json leaves it alone then. */
  protocolGiven: boolean
  output: OutputMode
  /** -r; -1 is for ever. */
  repeat: number
  /** -i, in microseconds; 0 when it was not given. */
  intervalMicros: number
  /** -e: the exit code tells of an error reply. */
  errorExit: boolean
  hints: boolean
  /** A mode in place of commands. */
  mode: ModeName | null
  /** --eval: the script's path. */
  script: string | null
  ldb: boolean
  /** -x */
  stdinLast: boolean
  /** -X */
  stdinTag: Bytes | null
  quotedInput: boolean
  /** --pattern and --quoted-pattern */
  pattern: Bytes | null
  memkeysSamples: number
  /** 0 waits for ever. */
  pipeTimeoutSeconds: number
  mono: boolean
  showPushes: boolean
  /** Between the elements of a raw reply (-d) and after it (-D). */
  elementDelimiter: Bytes
  replyDelimiter: Bytes
  /** -c: redirections are followed. */
  followRedirects: boolean
  cluster: ClusterOptions
  /** The command, when one is given: not interactive then. */
  command: readonly Bytes[]
}

export type ParsedOptions =
  | { readonly ok: true; readonly options: CliOptions; readonly notes: string }
  | { readonly ok: false; readonly text: string; readonly code: number }

const VERSION = 'redis-cli 7.0.15'
const USAGE = `${VERSION}

Usage: redis-cli [OPTIONS] [cmd [arg [arg ...]]]
  -h <hostname>      Server hostname (default: 127.0.0.1).
  -p <port>          Server port (default: 6379).
  -a <password>      Password to use when connecting to the server.
  --user <username>  Used to send ACL style 'AUTH username pass'. Needs -a.
  --pass <password>  Alias of -a for consistency with the new --user option.
  -u <uri>           Server URI.
  -r <repeat>        Execute specified command N times.
  -i <interval>      When -r is used, waits <interval> seconds per command.
                     It is possible to specify sub-second times like -i 0.1.
                     This interval is also used in --scan and --stat per cycle.
                     and in --bigkeys, --memkeys, and --hotkeys per 100 cycles.
  -n <db>            Database number.
  -2                 Start session in RESP2 protocol mode.
  -3                 Start session in RESP3 protocol mode.
  -x                 Read last argument from STDIN (see example below).
  -X                 Read <tag> argument from STDIN (see example below).
  -d <delimiter>     Delimiter between response bulks for raw formatting (default: \\n).
  -D <delimiter>     Delimiter between responses for raw formatting (default: \\n).
  -c                 Enable cluster mode (follow -ASK and -MOVED redirections).
  -e                 Return exit error code when command execution fails.
  --raw              Use raw formatting for replies (default when STDOUT is
                     not a tty).
  --no-raw           Force formatted output even when STDOUT is not a tty.
  --quoted-input     Force input to be handled as quoted strings.
  --csv              Output in CSV format.
  --json             Output in JSON format (default RESP3, use -2 if you want to use with RESP2).
  --quoted-json      Same as --json, but produce ASCII-safe quoted strings, not Unicode.
  --show-pushes <yn> Whether to print RESP3 PUSH messages.  Enabled by default when
                     STDOUT is a tty but can be overridden with --show-pushes no.
  --stat             Print rolling stats about server: mem, clients, ...
  --latency          Enter a special mode continuously sampling latency.
                     If you use this mode in an interactive session it runs
                     forever displaying real-time stats. Otherwise if --raw or
                     --csv is specified, or if you redirect the output to a non
                     TTY, it samples the latency for 1 second (you can use
                     -i to change the interval), then produces a single output
                     and exits.
  --latency-history  Like --latency but tracking latency changes over time.
                     Default time interval is 15 sec. Change it using -i.
  --latency-dist     Shows latency as a spectrum, requires xterm 256 colors.
                     Default time interval is 1 sec. Change it using -i.
  --pipe             Transfer raw Redis protocol from stdin to server.
  --pipe-timeout <n> In --pipe mode, abort with error if after sending all data.
                     no reply is received within <n> seconds.
                     Default timeout: 30. Use 0 to wait forever.
  --bigkeys          Sample Redis keys looking for keys with many elements (complexity).
  --memkeys          Sample Redis keys looking for keys consuming a lot of memory.
  --memkeys-samples <n> Sample Redis keys looking for keys consuming a lot of memory.
                     And define number of key elements to sample
  --hotkeys          Sample Redis keys looking for hot keys.
                     only works when maxmemory-policy is *lfu.
  --scan             List all keys using the SCAN command.
  --pattern <pat>    Keys pattern when using the --scan, --bigkeys or --hotkeys
                     options (default: *).
  --quoted-pattern <pat> Same as --pattern, but the specified string can be
                         quoted, in order to pass an otherwise non binary-safe string.
  --eval <file>      Send an EVAL command using the Lua script at <file>
                     (/dev/stdin: what is typed, up to Ctrl-D).
  --cluster <command> [args...] [opts...]
                     Cluster Manager command and arguments (see below).
  --verbose          Verbose mode.
  --no-auth-warning  Don't show warning message when using password on command
                     line interface.
  --help             Output this help and exit.
  --version          Output version and exit.

Cluster Manager Commands:
  Use --cluster help to list all available cluster manager commands.

Examples:
  redis-cli -r 100 lpush mylist x
  redis-cli -r 100 -i 1 info
  redis-cli --quoted-input set '"null-\\x00-separated"' value
  redis-cli --scan --pattern '*:12345*'

When no command is given, redis-cli starts in interactive mode.
Type "help" in interactive mode for information on available commands
and settings.

`
const LDB_REFUSAL =
  "The Lua debugger is not available here: a breakpoint would stop the world's one history. Run the script without --ldb.\n"
const ELSEWHERE: ReadonlySet<string> = new Set([
  '-s',
  '--tls',
  '--askpass',
  '--lru-test',
  '--replica',
  '--slave',
  '--rdb',
  '--functions-rdb',
  '--intrinsic-latency',
])

function defaults(): CliOptions {
  return {
    host: '127.0.0.1',
    port: 6379,
    user: null,
    password: null,
    passwordShown: false,
    db: 0,
    resp3: false,
    protocolGiven: false,
    output: 'tty',
    repeat: 1,
    intervalMicros: 0,
    errorExit: false,
    hints: true,
    mode: null,
    script: null,
    ldb: false,
    stdinLast: false,
    stdinTag: null,
    quotedInput: false,
    pattern: null,
    memkeysSamples: 0,
    pipeTimeoutSeconds: 30,
    mono: false,
    showPushes: true,
    elementDelimiter: '\n',
    replyDelimiter: '\n',
    followRedirects: false,
    cluster: clusterDefaults(),
    command: [],
  }
}

/** What ends the parsing early. */
class Refusal extends Error {
  readonly code: number
  constructor(text: string, code = 1) {
    super(text)
    this.code = code
  }
}

export function parseOptions(argv: readonly string[]): ParsedOptions {
  const o = defaults()
  const notes: string[] = []
  let warn = true
  try {
    let i = 0
    for (; i < argv.length; i++) {
      const name = argv[i] as string
      if (name === '--no-auth-warning') warn = false
      else if (FLAGS[name]) FLAGS[name](o)
      else if (VALUES[name] && i + 1 < argv.length) VALUES[name](o, argv[++i] as string, notes)
      else if (name.startsWith('-')) i += clusterOption(o, argv, i) - 1
      else break
    }
    finish(o, argv.slice(i))
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, text: error.message, code: error.code }
    throw error
  }
  if (o.passwordShown && warn)
    notes.push("Warning: Using a password with '-a' or '-u' option on the command line interface may not be safe.\n")
  return { ok: true, options: o, notes: notes.join('') }
}

function finish(o: CliOptions, words: readonly string[]): void {
  o.command = words.map(utf8Encode)
  if (o.quotedInput) o.command = o.command.map((word) => unquote(word) ?? refuse('Invalid quoted string\n'))
  if (o.stdinLast && o.stdinTag !== null) refuse('Options -x and -X are mutually exclusive.\n')
  if (o.ldb && o.script === null)
    refuse('Options --ldb and --ldb-sync-mode require --eval.\nTry redis-cli --help for more information.\n')
  if (o.ldb) refuse(LDB_REFUSAL)
  if ((o.output === 'json' || o.output === 'quoted-json') && !o.protocolGiven) o.resp3 = true
}

/** How many words an option of --cluster takes. */
function clusterOption(o: CliOptions, argv: readonly string[], at: number): number {
  const taken = takeClusterOption(o.cluster, argv, at)
  if ('refusal' in taken) throw new Refusal(taken.refusal === 'usage' ? USAGE : taken.refusal)
  if (taken.words === 0) throw complaint(argv[at] as string)
  return taken.words
}

function refuse(text: string): never {
  throw new Refusal(text)
}
function complaint(name: string): Refusal {
  if (name === '--version' || name === '-v') return new Refusal(`${VERSION}\n`, 0)
  if (name === '--help') return new Refusal(USAGE, 0)
  if (ELSEWHERE.has(name)) return new Refusal(`Option '${name}' of redis-cli is not available here.\n`)
  return new Refusal(`Unrecognized option or bad number of args for: '${name}'\n`)
}

/** One quoted string; a word without quotes is itself. null when the quotes are unbalanced or there are several. */
function unquote(word: Bytes): Bytes | null {
  const argv = splitArgs(word)
  return argv !== null && argv.length === 1 ? (argv[0] as Bytes) : null
}

const int = (text: string): number => Number.parseInt(text, 10) || 0
const mode = (name: ModeName) => (o: CliOptions) => {
  o.mode = name
}

const FLAGS: Readonly<Record<string, (o: CliOptions) => void>> = {
  '-2': (o) => {
    o.resp3 = false
    o.protocolGiven = true
  },
  '-3': (o) => {
    o.resp3 = true
    o.protocolGiven = true
  },
  '-c': (o) => {
    o.followRedirects = true
  },
  '-e': (o) => {
    o.errorExit = true
  },
  '-x': (o) => {
    o.stdinLast = true
  },
  '--raw': (o) => {
    o.output = 'raw'
  },
  '--no-raw': (o) => {
    o.output = 'tty'
  },
  '--csv': (o) => {
    o.output = 'csv'
  },
  '--json': (o) => {
    o.output = 'json'
  },
  '--quoted-json': (o) => {
    o.output = 'quoted-json'
  },
  '--quoted-input': (o) => {
    o.quotedInput = true
  },
  '--ldb': (o) => {
    o.ldb = true
  },
  '--ldb-sync-mode': (o) => {
    o.ldb = true
  },
  '--mono': (o) => {
    o.mono = true
  },
  '--bigkeys': mode('bigkeys'),
  '--memkeys': mode('memkeys'),
  '--hotkeys': mode('hotkeys'),
  '--scan': mode('scan'),
  '--stat': mode('stat'),
  '--latency': mode('latency'),
  '--latency-history': mode('latency-history'),
  '--latency-dist': mode('latency-dist'),
  '--pipe': mode('pipe'),
}

const VALUES: Readonly<Record<string, (o: CliOptions, value: string, notes: string[]) => void>> = {
  '-h': (o, v) => {
    o.host = v
  },
  '-p': (o, v) => {
    o.port = int(v)
    if (o.port < 0 || o.port > 65535) refuse('Invalid server port.\n')
  },
  '-a': password,
  '--pass': password,
  '--user': (o, v) => {
    o.user = v
  },
  '-u': parseUri,
  '-n': (o, v) => {
    o.db = int(v)
  },
  '-r': (o, v) => {
    o.repeat = int(v)
  },
  '-i': (o, v) => {
    o.intervalMicros = Math.trunc((Number.parseFloat(v) || 0) * 1e6)
  },
  '-X': (o, v) => {
    o.stdinTag = utf8Encode(v)
  },
  '-d': (o, v) => {
    o.elementDelimiter = utf8Encode(v)
  },
  '-D': (o, v) => {
    o.replyDelimiter = utf8Encode(v)
  },
  '--eval': (o, v) => {
    o.script = v
  },
  '--pattern': (o, v) => {
    o.pattern = utf8Encode(v)
  },
  '--quoted-pattern': (o, v) => {
    o.pattern = unquote(utf8Encode(v)) ?? refuse('Invalid quoted string specified for --quoted-pattern.\n')
  },
  '--memkeys-samples': (o, v) => {
    o.mode = 'memkeys'
    o.memkeysSamples = int(v)
  },
  '--pipe-timeout': (o, v) => {
    o.pipeTimeoutSeconds = int(v)
  },
  '--show-pushes': (o, v, notes) => {
    if (/^y/i.test(v)) o.showPushes = true
    else if (/^n/i.test(v)) o.showPushes = false
    else notes.push(`Unknown --show-pushes value '${v}' (valid: '[y]es', '[n]o')\n`)
  },
}

function password(o: CliOptions, value: string): void {
  o.password = value
  o.passwordShown = true
}

/** redis://user:password@host:port/db */
function parseUri(o: CliOptions, uri: string): void {
  if (!/^rediss?:\/\//i.test(uri)) refuse('Invalid URI scheme\n')
  const m = /^rediss?:\/\/(?:(?:([^:@/]*):)?([^@/]*)@)?([^:/]*)(?::(\d+))?(?:\/(\d+)?)?$/i.exec(uri)
  if (m === null) refuse(`Invalid URI '${uri}'\n`)
  if (m[1]) o.user = decodeURIComponent(m[1])
  if (m[2]) password(o, decodeURIComponent(m[2]))
  if (m[3]) o.host = m[3]
  if (m[4]) o.port = Number(m[4])
  if (m[5]) o.db = Number(m[5])
}
