import { expect, test } from 'vitest'
import { serverAclCommands } from './acl-commands.ts'
import { Selector } from './acl-selector.ts'
import { mergeSelectors } from './acl-user.ts'
import { pauseClients, unpauseClients } from './pause.ts'
import { bench } from './rig.ts'

/** Rules as 7.0.15 tells them: the order of single commands is a hash table's, so words are compared as a set. */
const RECORDED: readonly (readonly [string, string])[] = [
  [
    '+@all -@dangerous +keys +info',
    '+@all -@admin -flushdb -sort -restore-asking -sort_ro -migrate -flushall -restore -swapdb',
  ],
  [
    '-@all +@keyspace -@dangerous',
    '-@all +@keyspace -flushdb -restore-asking -migrate -flushall -restore -swapdb -keys',
  ],
]
function selector(rules: string): Selector {
  const s = new Selector(serverAclCommands, false)
  for (const rule of rules.split(' ')) expect(s.apply(rule)).toBe(null)
  return s
}
test('rules with many single commands are told as 7.0.15 does', () => {
  for (const [typed, told] of RECORDED)
    expect(new Set(selector(typed).describeCommands().split(' ')), typed).toEqual(new Set(told.split(' ')))
})
test('whatever was typed, the rules that are told give the same commands', () => {
  const words = [
    '+@all',
    '-@all',
    '+@read',
    '-@write',
    '+@fast',
    '-@string',
    '+config|get',
    '-client',
    '+get',
    '-@dangerous',
    '+@hash',
  ]
  for (let seed = 1; seed < 400; seed++) {
    let x = seed
    const rules = Array.from({ length: 5 }, () => words[(x = (x * 1103515245 + 12345) & 0x7fffffff) % words.length])
    const s = selector(rules.join(' '))
    const again = selector(s.describeCommands())
    expect([...again.allowed].sort(), rules.join(' ')).toEqual([...s.allowed].sort())
    expect(again.futureCommands).toBe(s.futureCommands)
  }
})
test('a selector of several words is one rule, and an open parenthesis is found', () => {
  expect(mergeSelectors(['on', '(+get', '~x', ')', '>p'])).toEqual(['on', '(+get ~x )', '>p'])
  expect(mergeSelectors(['on', '(+get', '~x'])).toEqual({ unmatched: 1 })
})
test('the end of one pause leaves the others', () => {
  const r = bench()
  const [a, b] = [r.connect(), r.connect()]
  const end = (purpose: 'client' | 'failover'): void => {
    unpauseClients(r.server, purpose)
    // Any event: what became due is taken then.
    r.input({ type: 'sent', conn: a.conn, pendingBytes: 0 })
    r.wait(1)
  }
  pauseClients(r.server, 'failover', Number.MAX_SAFE_INTEGER, 'write')
  a('CLIENT PAUSE 100000 ALL\r\n')
  expect(b('GET k\r\n')).toBe('')
  expect(r.server.pause?.kind).toBe('all')
  // CLIENT UNPAUSE itself waits in a pause of all; the administrator's time runs out instead.
  end('client')
  expect(r.read(b)).toBe('$-1\r\n')
  expect(b('SET k 1\r\n')).toBe('')
  expect(a('CLIENT UNPAUSE\r\n')).toBe('+OK\r\n')
  expect(r.read(b)).toBe('')
  end('failover')
  expect(r.read(b)).toBe('+OK\r\n')
})
