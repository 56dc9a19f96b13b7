/**
 * Transcripts: conversations in redis-cli's notation, recorded from a real redis-server 7.0.15.
 *
 *     # a comment
 *     > INCR n              one command; what follows is its reply as redis-cli prints it
 *     (integer) 1
 *     ?> SMEMBERS s         the same elements in any order
 *     ~> DBSIZE             only the kind of the reply counts: "(integer) ~"
 *     bob> BLPOP q 0        on a connection of its own; a client that is named later is connected when it first speaks
 *     [bob]                 what arrived at another connection meanwhile
 *     @ +1500ms             time passes
 *     @ resp3               HELLO 3, for the client of the next command ("@ resp3 bob" for another)
 *     @ cluster a=0-9 b>a   first of all: not one server but the nodes of a cluster (see layout.ts). A client's name begins
 *                           with its node's letter; ports, times and drawn names are the same in every run
 */
import { splitArgs } from '../../src/engine/bytes/quote.ts'
import { utf8Encode } from '../../src/engine/bytes/bytes.ts'
import { formatTty } from '../../src/engine/programs/redis-cli/format.ts'
import type { ParsedReply } from '../../src/engine/protocol/reply-parser.ts'
import { type Layout, parseLayout } from './layout.ts'

export type Compare = 'exact' | 'unordered' | 'kind'
export type Step =
  | { readonly type: 'text'; readonly line: string }
  | {
      readonly type: 'wait'
      readonly line: string
      readonly ms: number
      readonly expected: string[]
      readonly lineNumber: number
    }
  | { readonly type: 'resp3'; readonly line: string; readonly client: string }
  | { readonly type: 'cluster'; readonly line: string; readonly layout: Layout }
  | {
      readonly type: 'command'
      readonly line: string
      readonly client: string
      readonly compare: Compare
      readonly argv: readonly string[]
      readonly expected: string[]
      readonly lineNumber: number
    }

const COMMAND = /^([a-z]\w*)?([~?])?> (.*)$/

export function parseTranscript(text: string): Step[] {
  const steps: Step[] = []
  let last: string[] | null = null
  text.split('\n').forEach((line, index) => {
    const command = COMMAND.exec(line)
    const wait = /^@ \+(\d+)(ms|s)$/.exec(line)
    const cluster = /^@ cluster (.+)$/.exec(line)
    const resp3 = /^@ resp3(?: (\w+))?$/.exec(line)
    if (command) {
      const argv = splitArgs(utf8Encode(command[3]!))
      if (!argv || argv.length === 0) throw new Error(`line ${index + 1}: unbalanced quotes`)
      last = []
      const compare = command[2] === '~' ? 'kind' : command[2] === '?' ? 'unordered' : 'exact'
      steps.push({
        type: 'command',
        line,
        client: command[1] ?? '',
        compare,
        argv,
        expected: last,
        lineNumber: index + 1,
      })
    } else if (wait) {
      last = []
      steps.push({
        type: 'wait',
        line,
        ms: Number(wait[1]) * (wait[2] === 's' ? 1000 : 1),
        expected: last,
        lineNumber: index + 1,
      })
    } else if (cluster) {
      last = null
      steps.push({ type: 'cluster', line, layout: parseLayout(cluster[1]!) })
    } else if (resp3) {
      last = null
      steps.push({ type: 'resp3', line, client: resp3[1] ?? '' })
    } else if (line.startsWith('# ') || line === '#' || line === '') {
      last = null
      steps.push({ type: 'text', line })
    } else if (last) last.push(line)
    else throw new Error(`line ${index + 1}: neither a command nor a reply: ${line}`)
  })
  return steps
}

/** What one command brought: its own replies, and what came to the others. */
export interface Answer {
  readonly replies: readonly ParsedReply[]
  readonly others: readonly { readonly client: string; readonly replies: readonly ParsedReply[] }[]
}

export interface Conversation {
  say(client: string, argv: readonly string[]): Promise<Answer>
  wait(ms: number): Promise<Answer>
  /** Hides what is different in each run. */
  mask?(lines: readonly string[]): string[]
  close(): void
}

function kindOf(reply: ParsedReply): string {
  if (reply === null) return '(nil)'
  if (typeof reply === 'number' || typeof reply === 'bigint') return '(integer) ~'
  if (typeof reply === 'string') return '"~"'
  if (Array.isArray(reply)) return '(array) ~'
  return reply.t === 'error' ? `(error) ${reply.text}` : `(${reply.t}) ~`
}

const sortedLines = (text: string): string => text.trimEnd().split('\n').sort().join('\n')
function sortedReply(reply: ParsedReply): ParsedReply {
  if (typeof reply === 'string' && reply.includes('\n')) return sortedLines(reply)
  const byText = (a: ParsedReply, b: ParsedReply): number => (formatTty(a) < formatTty(b) ? -1 : 1)
  if (Array.isArray(reply)) return reply.map(sortedReply).sort(byText)
  if (typeof reply === 'object' && reply !== null && reply.t === 'verbatim')
    return { ...reply, text: sortedLines(reply.text) }
  if (typeof reply === 'object' && reply !== null && reply.t === 'set')
    return { t: 'set', items: reply.items.map(sortedReply).sort(byText) }
  if (typeof reply === 'object' && reply !== null && reply.t === 'map') {
    const pairs: [ParsedReply, ParsedReply][] = []
    for (let i = 0; i < reply.pairs.length; i += 2) pairs.push([reply.pairs[i]!, reply.pairs[i + 1]!])
    return { t: 'map', pairs: pairs.sort((a, b) => byText(a[0], b[0])).flat() }
  }
  return reply
}

function print(replies: readonly ParsedReply[], compare: Compare): string[] {
  return replies.flatMap((reply) => {
    if (compare === 'kind') return [kindOf(reply)]
    // A blank line would end the reply in the file.
    const shown = formatTty(compare === 'unordered' ? sortedReply(reply) : reply)
    return shown
      .replace(/\n+$/, '')
      .split('\n')
      .map((l) => (l === '' ? '\\' : l.startsWith('#') ? `\\${l}` : l))
  })
}

/** The cluster that a transcript is about, or null. */
export const layoutOf = (steps: readonly Step[]): Layout | null => {
  const step = steps.find((s) => s.type === 'cluster')
  return step?.type === 'cluster' ? step.layout : null
}

/** Run the steps; `told` hears every step with what it brought. */
export async function runTranscript(
  steps: readonly Step[],
  conversation: Conversation,
  told: (step: Step, lines: readonly string[]) => void,
): Promise<void> {
  for (const step of steps) {
    const lines: string[] = []
    if (step.type === 'command') {
      const answer = await conversation.say(step.client, step.argv)
      lines.push(...print(answer.replies, step.compare), ...printOthers(answer, step.compare))
    } else if (step.type === 'resp3') await conversation.say(step.client, ['HELLO', '3'])
    else if (step.type === 'wait') lines.push(...printOthers(await conversation.wait(step.ms), 'exact'))
    told(step, conversation.mask?.(lines) ?? lines)
  }
}

function printOthers(answer: Answer, compare: Compare): string[] {
  return answer.others.flatMap((other) => [`[${other.client || 'main'}]`, ...print(other.replies, compare)])
}
