import { expect, test } from 'vitest'
import { commandText } from './data.ts'
import { commandsFor } from './key-commands.ts'
import { encodingSize, encodingText, entryText } from './listpack-text.ts'
import { readKeys } from './shapes.ts'

test('the list of keys survives what it does not know', () => {
  expect(readKeys(null)).toMatchObject({ keys: [], total: 0, cursor: 0 })
  expect(readKeys({ size: 9, keys: [{ key: 'a', type: 'string', encoding: 'int', ttlMs: -1 }] })).toMatchObject({
    total: 9,
    keys: [{ name: 'a', ttl: null, expired: false }],
  })
})

test('the first byte of a listpack entry says how it is kept', () => {
  expect(encodingText(0x0e)).toMatch(/integer from 0 to 127/)
  expect(encodingText(0x85)).toMatch(/string of 5 bytes/)
  expect([0x0e, 0x85, 0xc1, 0xe1, 0xf0, 0xf4].map(encodingSize)).toEqual([1, 1, 1, 2, 5, 1])
  expect(entryText('a\x1b[2J', 0x85)).toBe('"a\\x1b[2J"')
  expect(entryText(14, 0x0e)).toBe('14')
})

test('a command is told as one would type it, whatever its bytes are', () => {
  expect(commandText(['set', 'a key', 'v'])).toBe('SET "a key" v')
  expect(commandText(['set', '\u202egpj.exe', ''])).not.toContain('\u202e')
  expect(commandText(['get', 'a"b'])).toBe('GET "a\\"b"')
})

test('V31: the commands that are offered suit the type, and a name with a space is quoted', () => {
  expect(commandsFor('board', 'zset')[0]).toBe('ZADD board 1 member')
  expect(commandsFor('a key', 'hash')[0]).toBe('HSET "a key" field value')
  expect(commandsFor('x', 'string')).toContain('DEL x')
})
