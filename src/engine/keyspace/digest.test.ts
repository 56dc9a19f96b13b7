import { expect, test } from 'vitest'
import { formatDouble } from '../bytes/numbers.ts'
import { createStringObject } from '../objects/string.ts'
import { digestHex, objectDigest } from './digest.ts'

test('the digest of a string is what DEBUG DIGEST-VALUE of 7.0.15 prints', () => {
  expect(digestHex(objectDigest(createStringObject('hello'), false))).toBe('36b23a1456b2dce2c3ed252c456761301dba8060')
  expect(digestHex(objectDigest(createStringObject('12'), false))).toBe('655ac46b180ad2f61a3cee25f0b1780fa2ec879a')
  expect(digestHex(objectDigest(createStringObject('x'), true))).toBe('0745672cb1bf060476eedeb8a28f5ffe1ff5a2be')
})

test('scores are hashed as %.17g prints them, exact ties to even', () => {
  const score = new DataView(new ArrayBuffer(8))
  score.setBigUint64(0, 0x4004000400000000n)
  expect([2.5, 0.1, 1e17, 1e-5, 100, score.getFloat64(0), 5e-324].map(formatDouble)).toEqual([
    '2.5',
    '0.10000000000000001',
    '1e+17',
    '1.0000000000000001e-05',
    '100',
    '2.5000076293945312',
    '4.9406564584124654e-324',
  ])
})
