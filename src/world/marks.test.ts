import { expect, test } from 'vitest'
import { Marks } from './marks.ts'

const at = (text: string, level = '*') => {
  const marks = new Marks('n1')
  marks.logLine(7, `1:M 21 Nov 2026 14:00:00.123 ${level} ${text}`)
  return marks.take().map((m) => [m.kind, m.weight])
}
const id = 'feedbeef'.repeat(5)

test('what a node of a cluster logs at the moments of a failover is marked, and other notices are not', () => {
  expect(at(`Marking node ${id} as failing (quorum reached).`)).toEqual([['FAIL', 3]])
  expect(at(`FAIL message received from ${id} about ${id}`)).toEqual([['fail received', 1]])
  expect(at('Start of election delayed for 604 milliseconds (rank #0, offset 865).', '#')).toEqual([
    ['election delayed', 1],
  ])
  expect(at('Failover auth granted to feedbeef for epoch 10', '#')).toEqual([['vote', 2]])
  expect(at("Failover election won: I'm the new master.", '#')).toEqual([['promoted', 3]])
  expect(at('DB loaded from disk: 0.001 seconds')).toEqual([])
  expect(at('Something else is wrong', '#')).toEqual([['log.warning', 0]])
})
