import { expect, test } from 'vitest'
import { bench } from '../server/rig.ts'
import { record } from './recorder.ts'
import type { TxStep } from './transactions.ts'

const resp = (...argv: string[]): string => `*${argv.length}\r\n${argv.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`
interface View {
  readonly clients: readonly { client: string; dirtyCas: boolean; queue: string[][] | null }[]
  readonly steps: readonly TxStep[]
}
function rig() {
  const b = bench([])
  record(b.server)
  const client = () => {
    const say = b.connect()
    return (line: string): string => say(resp(...line.split(' ')))
  }
  return { ...b, client, view: () => b.server.view('transactions', []) as View }
}
const short = (steps: readonly TxStep[], names: ReadonlyMap<number, string>): string[] =>
  steps.map((s) => `${names.get(s.id)} ${s.kind} ${s.argv.join(' ')} = ${s.reply}`)

test('T16: the figure of a transaction has the rows of the run, in the order of the run', () => {
  const { client, view, server, wait } = rig()
  const [a, b] = [client(), client()]
  // What was said, by whom, in the order it was said: the truth that the rows are held against.
  const said: string[] = []
  const as = (who: string, run: (line: string) => string) => (line: string) => {
    said.push(`${who} ${line}`)
    wait(1)
    return run(line)
  }
  const [A, B] = [as('A', a), as('B', b)]
  b('SET stock 10')
  A('WATCH stock')
  A('GET stock')
  A('MULTI')
  A('DECR stock')
  B('SET stock 0')
  A('RPUSH orders 42')
  expect(A('EXEC')).toBe('*-1\r\n')
  A('MULTI')
  A('INCR stock')
  A('LPUSH stock x')
  A('INCR stock')
  expect(A('EXEC')).toContain('WRONGTYPE')
  const ids = [...server.clients.values()].map((c) => c.id)
  const names = new Map([
    [ids[0] as number, 'A'],
    [ids[1] as number, 'B'],
  ])
  const { steps } = view()
  expect(short(steps, names)).toEqual([
    'A own WATCH stock = OK',
    'A between GET stock = "10"',
    'A own MULTI = OK',
    'A queued DECR stock = QUEUED',
    'B rival SET stock 0 = OK',
    'A queued RPUSH orders 42 = QUEUED',
    'A own EXEC = (nil)',
    'A own MULTI = OK',
    'A queued INCR stock = QUEUED',
    'A queued LPUSH stock x = QUEUED',
    'A queued INCR stock = QUEUED',
    'A ran INCR stock = (integer) 1',
    'A ran LPUSH stock x = (error) WRONGTYPE Operation against a key holding the wrong kind of value',
    'A ran INCR stock = (integer) 2',
    'A own EXEC = 3 replies',
  ])
  // Order and times of the rows are those of the run; only what EXEC ran was not said by anybody.
  expect(steps.filter((s) => s.kind !== 'ran').map((s) => `${names.get(s.id)} ${s.argv.join(' ')}`)).toEqual(said)
  for (let i = 1; i < steps.length; i++) {
    expect(steps[i]!.seq).toBe(steps[i - 1]!.seq + 1)
    expect(steps[i]!.at).toBeGreaterThanOrEqual(steps[i - 1]!.at)
  }
  expect(steps[4]).toMatchObject({ spoils: [ids[0]], keys: ['stock'] })
})

test('V26: between the commands that EXEC runs nobody else has a row, and a refused command spoils the queue', () => {
  const { client, view } = rig()
  const [a, b] = [client(), client()]
  a('WATCH k')
  a('MULTI')
  expect(a('INCRBY k')).toContain('wrong number')
  a('INCR k')
  expect(a('EXEC')).toContain('EXECABORT')
  b('SET k 1')
  const kinds = view().steps.map((s) => [s.kind, s.what, s.ok])
  expect(kinds).toEqual([
    ['own', 'watch', true],
    ['own', 'multi', true],
    ['refused', 'incrby', false],
    ['queued', 'incr', true],
    ['own', 'exec', false],
  ])
  a('MULTI')
  a('SET x 1')
  a('SET y 2')
  a('EXEC')
  const ran = view().steps.slice(-3)
  expect(ran.map((s) => [s.kind, s.what])).toEqual([
    ['ran', 'set'],
    ['ran', 'set'],
    ['own', 'exec'],
  ])
  expect(new Set(ran.map((s) => s.id)).size).toBe(1)
})

test('V26: the client whose watched key was changed is named, with the key', () => {
  const { client, view } = rig()
  const [a, b] = [client(), client()]
  a('WATCH k')
  a('MULTI')
  a('INCR k')
  b('SET k 9')
  expect(view().clients[0]).toMatchObject({ dirtyCas: true, queue: [['INCR', 'k']] })
  expect(view().steps.at(-1)).toMatchObject({ kind: 'rival', what: 'set', keys: ['k'] })
})
