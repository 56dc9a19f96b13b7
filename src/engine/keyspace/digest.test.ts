import { expect, test } from 'vitest'
import { createStringObject } from '../objects/string.ts'
import { digestHex, formatG17, objectDigest } from './digest.ts'

test('the digest of a string is what DEBUG DIGEST-VALUE of 7.0.15 prints', () => {
  expect(digestHex(objectDigest(createStringObject('hello'), false))).toBe('36b23a1456b2dce2c3ed252c456761301dba8060')
  expect(digestHex(objectDigest(createStringObject('12'), false))).toBe('655ac46b180ad2f61a3cee25f0b1780fa2ec879a')
  expect(digestHex(objectDigest(createStringObject('x'), true))).toBe('0745672cb1bf060476eedeb8a28f5ffe1ff5a2be')
})

test('%.17g', () => {
  expect([2.5, 0.1, 1e17, 1e-5, 100].map(formatG17)).toEqual([
    '2.5',
    '0.10000000000000001',
    '1e+17',
    '1.0000000000000001e-05',
    '100',
  ])
})
