/** Modes that read: --pipe from standard input, --eval from a file, -x and -X an argument from standard input. */
import type { Bytes } from '../../../bytes/bytes.ts'
import { isError } from '../format.ts'
import {
  type Mode,
  type ModeContext,
  ModeExit,
  nextEvent,
  readFile,
  readStdin,
  type Step,
  type StepResult,
} from './step.ts'

/** --pipe: the last reply is the one that echoes these twenty bytes. */
const MAGIC_BYTES = 20
const ALPHABET = '0123456789abcdef'

/** Sends what comes as it comes, counts the replies, and knows the end by an ECHO of its own. */
export function* pipe(c: ModeContext): Mode {
  let errors = 0
  let replies = 0
  let magic = ''
  const timeoutMs = c.options.pipeTimeoutSeconds * 1000
  for (;;) {
    // The time limit holds once everything is sent.
    const event = yield* nextEvent(magic === '' ? 0 : timeoutMs)
    if (event.type === 'timeout') {
      c.complain(`No replies for ${c.options.pipeTimeoutSeconds} seconds: exiting.\n`)
      errors++
      break
    }
    if (event.type === 'stdin') {
      if (event.bytes !== '') {
        c.send(event.bytes)
        continue
      }
      let n = c.now()
      for (let i = 0; i < MAGIC_BYTES; i++) {
        n = (Math.imul(n | 0, 1103515245) + 12345) >>> 0
        magic += ALPHABET[(n >>> 16) % 16]
      }
      c.send(`\r\n*2\r\n$4\r\nECHO\r\n$${MAGIC_BYTES}\r\n${magic}\r\n`)
      c.print('All data transferred. Waiting for the last reply...\n')
      continue
    }
    const { reply } = event
    if (magic !== '' && reply === magic) {
      c.print('Last reply received from server.\n')
      break
    }
    if (isError(reply)) {
      c.complain(`${reply.text}\n`)
      errors++
    }
    replies++
  }
  c.print(`errors: ${errors}, replies: ${replies}\n`)
  return errors > 0 ? 1 : 0
}

const ERRNO_TEXT: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EISDIR: 'Is a directory',
}

/** --eval: the command that the file and the arguments make. Keys end at a comma that stands alone. */
export function* evalCommand(
  c: ModeContext,
  path: string,
  args: readonly Bytes[],
): Generator<Step, readonly Bytes[], StepResult> {
  let script: Bytes
  if (path === '/dev/stdin') script = yield* readStdin()
  else {
    const result = yield* readFile(path)
    if (!result.ok) {
      c.complain(`Can't open file '${path}': ${ERRNO_TEXT[result.error] ?? result.error}\n`)
      throw new ModeExit(1)
    }
    script = result.bytes ?? ''
  }
  const comma = args.indexOf(',')
  const keys = comma < 0 ? args : args.slice(0, comma)
  const rest = comma < 0 ? [] : args.slice(comma + 1)
  return ['EVAL', script, String(keys.length), ...keys, ...rest]
}

/** -x: standard input as the last argument; -X tag: in place of the argument that reads `tag`. */
export function* withStdin(c: ModeContext): Generator<Step, readonly Bytes[], StepResult> {
  const { command, stdinTag } = c.options
  const text = yield* readStdin()
  if (stdinTag === null) return [...command, text]
  const at = command.indexOf(stdinTag)
  if (at >= 0) return command.map((a, i) => (i === at ? text : a))
  c.complain('Using -X option but stdin tag not match.\n')
  throw new ModeExit(1)
}
