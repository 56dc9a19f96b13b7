import { expect, test } from 'vitest'
import { record } from '../../engine/inspect/recorder.ts'
import { bench } from '../../engine/server/rig.ts'
import { claimsBetween, compareIds, type GroupData, nextCommand, standingOf } from './stream-work.ts'

const resp = (...argv: string[]): string => `*${argv.length}\r\n${argv.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`

test('V28: the workers read, acknowledge after their time, and take over what a crashed one left', () => {
  const b = bench([])
  record(b.server)
  const say = b.connect()
  const run = (line: string): string => say(resp(...line.split(' ')))
  for (let i = 1; i <= 4; i++) run(`XADD s ${i}-0 f v`)
  run('XGROUP CREATE s g 0')
  const group = (): GroupData =>
    (b.server.view('object', ['0', 's', '', '', '']) as { structure: { groups: GroupData[] } }).structure
      .groups[0] as GroupData
  const plan = { processMs: 500, minIdleMs: 2000 }
  const typed: string[] = []
  let alive = ['ann', 'bob']
  const before = new Map<string, string>()
  const claims: string[] = []
  for (let t = 0; t < 60; t++) {
    b.wait(100)
    const g = group()
    claims.push(...claimsBetween(before, g).map((c) => `${c.id} ${c.from} ${c.to}`))
    before.clear()
    for (const p of g.pending) before.set(p.id, p.consumer)
    const line = nextCommand('s', g, { ...plan, alive })
    if (line !== null) {
      typed.push(line)
      expect(run(line)).not.toMatch(/^-/)
    }
    // Bob crashes with an entry in his hands.
    if (t === 4) alive = ['ann']
  }
  expect(typed.slice(0, 2)).toEqual([
    'XREADGROUP GROUP g ann COUNT 1 STREAMS s >',
    'XREADGROUP GROUP g bob COUNT 1 STREAMS s >',
  ])
  expect(claims).toEqual(['2-0 bob ann'])
  expect(typed.some((l) => l.startsWith('XAUTOCLAIM s g ann 2000 0'))).toBe(true)
  const end = group()
  expect(end.pending).toEqual([])
  expect(end.lag).toBe('0')
  expect(['1-0', '4-0'].map((id) => standingOf(id, end))).toEqual(['acked', 'acked'])
})

test('V28: identifiers are compared as two numbers', () => {
  expect(compareIds('9-0', '10-0')).toBe(-1)
  expect(compareIds('10-2', '10-11')).toBe(-1)
  expect(compareIds('18446744073709551615-1', '18446744073709551615-1')).toBe(0)
})
