import { expect, test } from 'vitest'
import { parseParams } from './params.ts'

test('a good address has no problems', () => {
  expect(parseParams('?seed=42&speed=0.5&view=structures')).toEqual({
    params: { scenario: 'sentinel-trio', seed: 42, speed: 0.5, view: 'structures' },
    problems: [],
  })
})

test('a wrong parameter is named, with what was wanted, and the rest is kept', () => {
  const { params, problems } = parseParams('?seed=abc&speed=0.1&view=durability')
  expect(params).toEqual({ scenario: 'sentinel-trio', seed: null, speed: 0.1, view: 'topology' })
  expect(problems.map((p) => [p.name, p.value])).toEqual([
    ['seed', 'abc'],
    ['view', 'durability'],
  ])
})

test('seeds outside 32 bits, negative or fractional, are refused', () => {
  for (const bad of ['-1', '1.5', '4294967296', '', '0x10', '1e3']) {
    expect(parseParams(`?seed=${encodeURIComponent(bad)}`).problems, bad).toHaveLength(1)
  }
  expect(parseParams('?seed=4294967295').params.seed).toBe(4294967295)
})

test('speed keeps within the slider', () => {
  expect(parseParams('?speed=0').problems).toHaveLength(1)
  expect(parseParams('?speed=11').problems).toHaveLength(1)
  expect(parseParams('?speed=').problems).toHaveLength(1)
})

test('an unknown parameter and an unknown scenario are named', () => {
  const { problems } = parseParams('?scenario=nowhere&colour=red')
  expect(problems.map((p) => [p.name, p.known])).toEqual([
    ['scenario', true],
    ['colour', false],
  ])
  expect(parseParams('?scenario=sentinel-trio').problems).toEqual([])
  expect(parseParams('?scenario=cluster-3&view=slots')).toEqual({
    params: { scenario: 'cluster-3', seed: null, speed: null, view: 'slots' },
    problems: [],
  })
})
