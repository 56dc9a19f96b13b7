/**
 * HELP, completion and argument hints, from the command table: what redis-cli 7.0 makes of COMMAND DOCS. Nothing here
 * is written by hand, so a new command has its help the moment it is in the table.
 */
import facts from '../../commands/facts.json' with { type: 'json' }

interface Argument {
  readonly name: string
  readonly type: string
  readonly token?: string
  readonly display_text?: string
  readonly flags?: readonly string[]
  readonly arguments?: readonly Argument[]
}
interface CommandFacts {
  readonly group: string
  readonly since?: string
  readonly summary?: string
  readonly arguments?: readonly Argument[]
}

export interface HelpEntry {
  /** "CONFIG SET" */
  readonly name: string
  readonly words: readonly string[]
  /** "key value [NX|XX] ..." */
  readonly params: string
  readonly summary: string
  readonly since: string
  readonly group: string
}

function formatArguments(list: readonly Argument[], separator: string): string {
  return list.map(formatArgument).join(separator)
}

function formatArgument(a: Argument): string {
  const has = (flag: string): boolean => a.flags?.includes(flag) ?? false
  const optional = has('optional')
  let inner = ''
  if (a.token !== undefined) {
    inner = a.token === '' ? '""' : a.token
    if (a.type !== 'pure-token') inner += ' '
  }
  let value = ''
  if (a.type === 'oneof') value = formatArguments(a.arguments ?? [], '|')
  else if (a.type === 'block') value = formatArguments(a.arguments ?? [], ' ')
  else if (a.type !== 'pure-token') value = a.display_text ?? a.name
  let out = inner + value
  if (has('multiple')) out += has('multiple_token') ? ` [${inner}${value} ...]` : ` [${value} ...]`
  return optional ? `[${out}]` : out
}

let cache: readonly HelpEntry[] | null = null

/** Every command and subcommand in alphabetical order. */
export function helpEntries(): readonly HelpEntry[] {
  if (cache !== null) return cache
  const table = facts as unknown as Record<string, CommandFacts>
  cache = Object.keys(table)
    .sort((a, b) => (a.toUpperCase() < b.toUpperCase() ? -1 : 1))
    .map((key) => {
      const f = table[key] as CommandFacts
      const name = key.toUpperCase().replace('|', ' ')
      return {
        name,
        words: name.split(' '),
        params: formatArguments(f.arguments ?? [], ' '),
        summary: f.summary ?? '',
        since: f.since ?? '',
        group: f.group,
      }
    })
  return cache
}

export function helpGroups(): readonly string[] {
  return [...new Set(helpEntries().map((e) => e.group))].sort()
}

const PREAMBLE = `redis-cli 7.0.15
To get help about Redis commands type:
      "help @<group>" to get a list of commands in <group>
      "help <command>" for help on <command>
      "help <tab>" to get a list of possible help topics
      "quit" to exit

To set redis-cli preferences:
      ":set hints" enable online hints
      ":set nohints" disable online hints
Set your preferences in ~/.redisclirc
`

function formatEntry(e: HelpEntry, withGroup: boolean): string {
  let out = `\r\n  \x1b[1m${e.name}\x1b[0m \x1b[90m${e.params}\x1b[0m\r\n`
  out += `  \x1b[33msummary:\x1b[0m ${e.summary}\r\n`
  if (e.since !== '') out += `  \x1b[33msince:\x1b[0m ${e.since}\r\n`
  if (withGroup) out += `  \x1b[33mgroup:\x1b[0m ${e.group}\r\n`
  return out
}

/** The text of HELP with these arguments. */
export function helpText(args: readonly string[]): string {
  const first = args[0]
  if (first === undefined) return PREAMBLE
  if (first.startsWith('@')) {
    const group = first.slice(1).toLowerCase()
    return `${helpEntries()
      .filter((e) => e.group.toLowerCase() === group)
      .map((e) => formatEntry(e, false))
      .join('')}\r\n`
  }
  const wanted = args.map((a) => a.toUpperCase())
  const found = helpEntries().filter((e) => wanted.length <= e.words.length && wanted.every((w, i) => e.words[i] === w))
  return `${found.map((e) => formatEntry(e, true)).join('')}\r\n`
}

/** What Tab offers for this line: whole lines, commands in capitals. */
export function completions(line: string): readonly string[] {
  const help = /^help /i.test(line)
  const typed = (help ? line.slice(5) : line).toUpperCase()
  const names = helpEntries().map((e) => e.name)
  const topics = help ? [...helpGroups().map((g) => `@${g}`), ...names] : names
  const prefix = help ? line.slice(0, 5) : ''
  return topics.filter((t) => t.toUpperCase().startsWith(typed)).map((t) => prefix + t)
}

/** The grey rest of the line: arguments not typed yet. `argv` is the split line, `endsInSpace` whether a new word has begun. */
export function hint(argv: readonly string[], endsInSpace: boolean): string {
  let best: HelpEntry | null = null
  const words = argv.map((a) => a.toUpperCase())
  for (const e of helpEntries()) {
    if (e.words.length > words.length || (best !== null && e.words.length <= best.words.length)) continue
    if (e.words.every((w, i) => w === words[i])) best = e
  }
  if (best === null) return ''
  let text = best.params
  for (let left = words.length - best.words.length; left > 0 && text !== ''; ) {
    if (text.startsWith('[')) break
    if (text.startsWith(' ')) left--
    text = text.slice(1)
  }
  return endsInSpace ? text : ` ${text}`
}
