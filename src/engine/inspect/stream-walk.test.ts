import { expect, test } from 'vitest'
import { objectDigest } from '../keyspace/digest.ts'
import { bench } from '../server/rig.ts'
import { viewRangeWalk, viewTrim, type WalkStep } from './stream-walk.ts'

function rig() {
  const b = bench()
  const say = b.connect()
  say('CONFIG SET stream-node-max-entries 3\r\n')
  for (let i = 1; i <= 10; i++) say(`XADD s ${i}-0 f ${i}\r\n`)
  say('XDEL s 5-0\r\n')
  return { ...b, say, digest: () => objectDigest(b.server.dbs[0]!.dict.peek('s')!, false) }
}
const idsIn = (reply: string): string[] => [...reply.matchAll(/\b\d+-\d+\b/g)].map((m) => m[0])

test('the walk of a range meets what XRANGE returns, and passes what it does not', () => {
  const { server, say, digest } = rig()
  const before = digest()
  for (const [start, end, count] of [
    ['2-0', '8-0', '10'],
    ['-', '+', '4'],
    ['5', '6', '9'],
    ['99', '+', '3'],
    ['0-1', '3', '1'],
  ] as const) {
    const walk = viewRangeWalk(server, ['0', 's', start, end, count])!
    const emitted = walk.steps.filter((x: WalkStep) => x.kind === 'emit').map((x) => x.id)
    expect(emitted, `${start} ${end}`).toEqual(idsIn(say(`XRANGE s ${start} ${end} COUNT ${count}\r\n`)))
    expect(walk.steps[0]?.kind).toBe('seek')
    expect(walk.steps.at(-1)?.kind).toBe('end')
  }
  const walk = viewRangeWalk(server, ['0', 's', '5-0', '6-0', '9'])!
  expect(walk.steps.map((x) => `${x.kind} ${x.id || x.block}`)).toEqual([
    'seek 4-0',
    'pass 4-0',
    'deleted 5-0',
    'emit 6-0',
    'block 7-0',
    'end 7-0',
  ])
  expect(digest()).toBe(before)
  expect(viewRangeWalk(server, ['0', 's', 'x', '+', '1'])).toBeNull()
})

test('what a trim would take is what it takes: exactly, or whole blocks only', () => {
  for (const n of [0, 2, 4, 5, 9, 20]) {
    for (const sign of ['=', '~'] as const) {
      const { server, say, digest } = rig()
      const before = digest()
      const told = viewTrim(server, ['0', 's', 'MAXLEN', String(n)]) as Record<
        'exact' | 'approx',
        { removed: number; length: number }
      >
      expect(digest()).toBe(before)
      const one = sign === '=' ? told.exact : told.approx
      expect(say(`XTRIM s MAXLEN ${sign} ${n}\r\n`), `${sign} ${n}`).toBe(`:${one.removed}\r\n`)
      expect(say('XLEN s\r\n')).toBe(`:${one.length}\r\n`)
    }
  }
  const { server } = rig()
  const told = viewTrim(server, ['0', 's', 'MAXLEN', '5']) as unknown as {
    exact: { blocks: { state: string }[] }
    approx: { blocks: { state: string }[] }
  }
  expect(told.exact.blocks.map((b) => b.state)).toEqual(['gone', 'marked', 'kept', 'kept'])
  expect(told.approx.blocks.map((b) => b.state)).toEqual(['gone', 'kept', 'kept', 'kept'])
  expect(viewTrim(server, ['0', 's', 'MINID', '7-0'])).toMatchObject({ exact: { length: 4 } })
})
