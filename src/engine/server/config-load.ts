/**
 * Boot configuration: `redis-server [file] [--directive words ...] [-]`. File, standard input and command line become one
 * text, in this order, so the later line wins and errors carry a line number of the whole.
 */

import { strerror } from '../bytes/errno.ts'
import { globMatch } from '../bytes/glob.ts'
import { quoteBytes, splitArgs } from '../bytes/quote.ts'
import { type Bytes, utf8Encode } from '../bytes/bytes.ts'
import type { Config } from './config.ts'
import { directiveByName } from './config-table.ts'
import type { Host } from './host.ts'

export interface CommandLine {
  readonly file: string | null
  readonly stdin: boolean
  /** The options as lines of a config file. */
  readonly options: string
}

/** main()'s reading of argv (after the program's name). `--save` without a value means `save ""`. */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  let j = 0
  let file: string | null = null
  const first = argv[0]
  if (first !== undefined && !first.startsWith('-')) {
    file = first
    j = 1
  }
  let options = ''
  let stdin = false
  let mayBeName = true
  for (; j < argv.length; j++) {
    const arg = utf8Encode(argv[j] ?? '')
    if (arg === '-' && j === argv.length - 1) stdin = true
    else if (mayBeName && arg.startsWith('--')) {
      if (options !== '') options += '\n'
      options += `${arg.slice(2)} `
      const next = argv[j + 1]
      const single = (splitArgs(arg) ?? []).length === 1
      const bare = next === undefined || next.startsWith('--')
      if (single && bare && arg.toLowerCase() === '--save') {
        options += '""'
        mayBeName = true
      } else if (single && bare && arg.toLowerCase() === '--sentinel') mayBeName = true
      else mayBeName = !single
    } else {
      options += `${quoteBytes(arg)} `
      mayBeName = true
    }
  }
  return { file, stdin, options }
}

export interface LoadHandlers {
  /** `sentinel ...` lines; null outside Sentinel mode. Returns an error text. */
  readonly sentinelLine: ((words: readonly Bytes[], lineNumber: number, line: Bytes) => string | null) | null
  /** `user ...` lines. */
  readonly userLine?: (words: readonly Bytes[]) => string | null
  readonly renameCommand?: (from: Bytes, to: Bytes) => string | null
  readonly loadModule?: (path: Bytes) => void
  readonly done: () => void
}

/** Lines that old files hold and that mean nothing any more. */
const DEPRECATED = new Set(['list-max-ziplist-entries', 'list-max-ziplist-value', 'lua-replicate-commands'])
const trim = (s: Bytes): Bytes => s.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')

const FATAL = '\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\n'
export const fatalConfigError = (lineNumber: number, line: Bytes, text: string): string =>
  `${FATAL}Reading the configuration file, at line ${lineNumber}\n>>> '${line}'\n${text}\n`
/** What `-` names: the adapter reads standard input to its end. */
const STDIN = '/dev/stdin'

class Loader {
  private readonly config: Config
  private readonly host: Host
  private readonly handlers: LoadHandlers
  constructor(config: Config, host: Host, handlers: LoadHandlers) {
    this.config = config
    this.host = host
    this.handlers = handlers
  }
  file(path: string, next: (text: Bytes) => void): void {
    this.host.file({ op: 'read', path }, (r) => {
      // A directory opens, and reads as nothing.
      if (r.ok || r.error === 'EISDIR') next(r.ok ? (r.bytes ?? '') : '')
      else {
        this.host.log(this.fatal(`Fatal error, can't open config file '${path}': ${strerror(r.error)}`))
        this.host.exit(1)
      }
    })
  }
  /** `include`: with wildcards in the file's name, every file that matches, by name; none is no error. */
  private include(path: string, next: (text: Bytes) => void): void {
    if (!/[*?[]/.test(path)) return this.file(path, next)
    const slash = path.lastIndexOf('/')
    const folder = slash < 0 ? '.' : path.slice(0, slash + 1)
    const pattern = path.slice(slash + 1)
    this.host.file({ op: 'list', path: folder }, (r) => {
      const names = (r.ok ? (r.names ?? []) : []).filter(
        (n) => globMatch(pattern, n) && (!n.startsWith('.') || pattern.startsWith('.')),
      )
      let text = ''
      const one = (i: number): void => {
        const name = names[i]
        if (name === undefined) return next(text)
        this.file(slash < 0 ? name : folder + name, (part) => {
          text += `${part}\n`
          one(i + 1)
        })
      }
      one(0)
    })
  }
  /** `dir` takes effect at once: what follows is relative to it. */
  private chdir(path: string, done: (error: string | null) => void): void {
    this.host.file({ op: 'stat', path }, (r) => {
      const error = !r.ok ? r.error : r.isDirectory === false ? 'ENOTDIR' : null
      if (error === null) this.host.cwd = this.host.resolve(path)
      done(error === null ? null : strerror(error))
    })
  }
  /** A log line before the server has a role: 'C' as Redis's child-less early start writes it. */
  fatal: (text: string) => string = (text) => text

  text(text: Bytes, done: () => void): void {
    const lines = text.split('\n')
    const step = (from: number): void => {
      for (let i = from; i < lines.length; i++) {
        const line = trim(lines[i] ?? '')
        if (line === '' || line.startsWith('#')) continue
        const argv = splitArgs(line)
        if (argv === null) return this.error(i + 1, line, 'Unbalanced quotes in configuration line')
        if (argv.length === 0) continue
        const name = (argv[0] ?? '').toLowerCase()
        if (name === 'include' && argv.length === 2) {
          this.include(argv[1] ?? '', (inner) => this.text(inner, () => step(i + 1)))
          return
        }
        const error = this.line(name, argv, i + 1, line)
        if (error !== null) return this.error(i + 1, line, error)
        if (name === 'dir' && this.config.dir !== '')
          return this.chdir(this.config.dir, (e) => (e === null ? step(i + 1) : this.error(i + 1, line, e)))
      }
      done()
    }
    step(0)
  }
  private line(name: string, argv: readonly Bytes[], lineNumber: number, text: Bytes): string | null {
    const words = argv.slice(1)
    if (DEPRECATED.has(name) && words.length === 1) return null
    if (directiveByName.has(name)) return this.config.setAtBoot(name, words)
    if (name === 'rename-command' && argv.length === 3)
      return this.handlers.renameCommand?.(argv[1] ?? '', argv[2] ?? '') ?? null
    if (name === 'loadmodule' && argv.length >= 2) {
      this.handlers.loadModule?.(argv[1] ?? '')
      return null
    }
    if (name === 'user' && argv.length >= 2) return this.handlers.userLine?.(words) ?? null
    if (name === 'sentinel') {
      if (argv.length === 1) return null
      return this.handlers.sentinelLine === null
        ? 'sentinel directive while not in sentinel mode'
        : this.handlers.sentinelLine(words, lineNumber, text)
    }
    return 'Bad directive or wrong number of arguments'
  }
  private error(lineNumber: number, line: Bytes, text: string): void {
    this.host.stderr(fatalConfigError(lineNumber, line, text))
    this.host.exit(1)
  }
}

/**
 * Read everything that argv names into `config`, then `done`. On an error the message is printed, the process exits with 1
 * and `done` is never called. `logLine` makes a whole log line of a text (the server's own format).
 */
export function loadConfig(
  config: Config,
  host: Host,
  argv: readonly string[],
  handlers: LoadHandlers,
  logLine?: (text: string) => string,
): void {
  const cl = parseCommandLine(argv)
  const loader = new Loader(config, host, handlers)
  if (logLine) loader.fatal = logLine
  const stop = (text: string): void => {
    host.stderr(`${FATAL}${text}\n`)
    host.exit(1)
  }
  const finish = (): void => {
    if (config.clusterEnabled && config.replicaof !== null)
      return stop('replicaof directive not allowed in cluster mode')
    if (config.logfile === '' || host.env.real !== true) return handlers.done()
    host.file({ op: 'append', path: config.logfile, bytes: '' }, (r) =>
      r.ok ? handlers.done() : stop(`Can't open the log file: ${strerror(r.error)}`),
    )
  }
  const rest = (text: Bytes): void => loader.text(cl.options === '' ? text : `${text}\n${cl.options}`, finish)
  const withStdin = (text: Bytes): void => {
    if (!cl.stdin) return rest(text)
    host.log(loader.fatal('Reading config from stdin'))
    host.file({ op: 'read', path: STDIN }, (r) => rest(text + (r.ok ? (r.bytes ?? '') : '')))
  }
  if (cl.file === null) return withStdin('')
  config.configFile = host.resolve(cl.file)
  loader.file(config.configFile, withStdin)
}
