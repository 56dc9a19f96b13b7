import { expect, test } from 'vitest'
import type { PacketView, ProcessStatus, SessionState } from '../browser/session.ts'
import { changeBetween } from './change.ts'

const packet = (id: number, from: string, to: string, label: string, dueAt = 100): PacketView => ({
  id,
  from,
  to,
  sentAt: 0,
  dueAt,
  bytes: 1,
  label,
  channel: 'command',
  held: false,
})
const process = (name: string, waitMicros: number, state: ProcessStatus['state'] = 'running'): ProcessStatus => ({
  name,
  state,
  pid: 1,
  exitCode: null,
  crash: null,
  summary: {
    role: 'sentinel',
    line: 'ok',
    opinions: [
      { about: 'm', kind: 'master', waitMicros, limitMicros: 5000, sdown: false, odown: false, failoverState: null },
    ],
  },
})
const state = (part: Partial<SessionState>) =>
  ({ now: 100, eventCount: 1, playing: false, packets: [], processes: [], stepped: null, ...part }) as SessionState

test('a packet that arrived touches its receiver, and what it sent in answer is named', () => {
  const old = state({ packets: [packet(1, 'cli-1', 'redis-1', 'GET k')] })
  const next = state({ eventCount: 2, packets: [packet(2, 'redis-1', 'cli-1', '"v"', 200)], stepped: 'redis-1' })
  const change = changeBetween(old, next)
  expect([...(change?.processes ?? [])]).toEqual(['redis-1'])
  expect([...(change?.packets ?? [])]).toEqual([2])
  expect(change?.text).toBe('redis-1 got GET k from cli-1, sent "v" to cli-1')
})

test('a wait that only follows the clock changes nothing; a state does', () => {
  const old = state({ processes: [process('s1', 10), process('s2', 10)] })
  const next = state({ eventCount: 2, processes: [process('s1', 20), process('s2', 20, 'killed')] })
  expect([...(changeBetween(old, next)?.processes ?? [])]).toEqual(['s2'])
})

test('a timer without visible effect still names its process', () => {
  const change = changeBetween(state({}), state({ eventCount: 2, stepped: 'redis-2' }))
  expect([...(change?.processes ?? [])]).toEqual(['redis-2'])
  expect(change?.text).toContain('redis-2: a timer fired')
})

test('a jump of many events is cut, and nothing happened without an event', () => {
  expect(changeBetween(state({}), state({ eventCount: 500 }))).toBeNull()
  expect(changeBetween(state({}), state({ eventCount: 1 }))).toBeNull()
})
