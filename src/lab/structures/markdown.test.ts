import { expect, test } from 'vitest'
import { markdownOf } from './markdown.ts'

test('a table is exported as Markdown, and what is in a cell stays in it', () => {
  expect(
    markdownOf({
      head: ['Key', 'Bytes'],
      rows: [
        ['a|b', 1],
        ['c\\d', 2],
      ],
      note: 'Two keys.',
    }),
  ).toBe(['Two keys.', '', '| Key | Bytes |', '| --- | --- |', '| a\\|b | 1 |', '| c\\\\d | 2 |'].join('\n'))
})
