/** When two connections heard the same: what chance or the clock decides is put into one form first. */
import { same } from './compare.ts'
import { cut } from './duel.ts'

const CLIENT_FIELDS = / (laddr|fd|age|idle|qbuf|qbuf-free|argv-mem|multi-mem|rbs|rbp|obl|oll|omem|tot-mem|events)=\S*/g

/** MONITOR's times, our control connection's own requests, and the sizes in CLIENT LIST go. */
export function normalise(text: string): string {
  if (text.includes('\r\n+1') || text.startsWith('+1'))
    text = text
      .split('\r\n')
      .filter((line) => !/^\+\d+\.\d+ \[0 [^\]]*\] "PING"$/.test(line))
      .join('\r\n')
      .replace(/^\+\d+\.\d{6} \[/gm, '+T [')
  if (text.includes(' addr=')) text = text.replace(CLIENT_FIELDS, '').replace(/^[$=]\d+\r\n(txt:)?(?=id=)/gm, '')
  return orderMessages(text)
}

/** Patterns stand in a hash table: the messages of one publication come in any order. So do leave-takings. */
function orderMessages(text: string): string {
  if (!/(pmessage|unsubscribe)\r\n/.test(text)) return text
  const out: string[] = []
  let run: string[] = []
  let last = ''
  const flush = (): void => {
    const counts = run.map(countOf).sort()
    if (last === 'bye') {
      const names = run.map(nameOf).sort()
      out.push(...names.map((name, i) => `${name}\r\n${counts[i]}\r\n`))
    } else out.push(...run.sort())
    run = []
  }
  for (const reply of flat(text)) {
    const key = kindOf(reply)
    if (key === '' || key !== last) flush()
    last = key
    run.push(reply)
  }
  flush()
  return out.join('')
}
/** The replies; those of EXEC one by one behind its header. */
function flat(text: string): string[] {
  return cut(text).flatMap((reply) => {
    const header = /^\*\d+\r\n(?=[*>])/.exec(reply)?.[0]
    return header === undefined ? [reply] : [header, ...cut(reply.slice(header.length))]
  })
}
function kindOf(reply: string): string {
  const words = reply.split('\r\n')
  if (/^[ps]?unsubscribe$/.test(words[2] ?? '')) return 'bye'
  return words[2] === 'pmessage' ? words.slice(5).join('\n') : ''
}
const nameOf = (reply: string): string => reply.split('\r\n').slice(0, -2).join('\r\n')
const countOf = (reply: string): string => reply.split('\r\n').slice(-2)[0] ?? ''

/** `requests`: what was asked last on this connection. */
export function heardSame(requests: readonly (readonly string[])[], theirs: string, ours: string): boolean {
  if (theirs === ours) return true
  const [a, b] = [cut(theirs), cut(ours)]
  if (a.length !== b.length || a.join('') !== theirs || b.join('') !== ours) return false
  const loose = requests.filter((argv) => !/^exec$/i.test(argv[0] ?? ''))
  return a.every((text, i) => text === b[i] || loose.some((argv) => same(argv, text, b[i] as string)))
}
