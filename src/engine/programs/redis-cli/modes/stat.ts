/** --stat: a line of INFO a second. */
import type { Bytes } from '../../../bytes/bytes.ts'
import { isError } from '../format.ts'
import { askReconnecting, type Mode, type ModeContext, sleep } from './step.ts'

const DEFAULT_MICROS = 1_000_000
const LINES_PER_HEADER = 20
const DATABASES = 20

/** The number behind the first occurrence of `field`, wherever in a name that is; null without one. */
function infoNumber(info: Bytes, field: string): number | null {
  const at = info.indexOf(field)
  if (at < 0) return null
  // A database's line reads "keys=9,expires=0": what stands behind the number ends it.
  const n = Number.parseInt(info.slice(at + field.length + 1), 10)
  return Number.isNaN(n) ? 0 : n
}

function bytesToHuman(n: number): string {
  if (n < 1024) return `${n}B`
  if (n < 1024 ** 2) return `${(n / 1024).toFixed(2)}K`
  if (n < 1024 ** 3) return `${(n / 1024 ** 2).toFixed(2)}M`
  return `${(n / 1024 ** 3).toFixed(2)}G`
}

const CHILDREN = ['', 'SAVE', 'AOF', 'SAVE+AOF', 'LOAD']

export function* stat(c: ModeContext): Mode {
  let requests = 0
  for (let i = 0; ; i++) {
    const reply = yield* askReconnecting(['INFO'])
    if (isError(reply)) {
      c.complain(`ERROR: ${reply.text}\n`)
      return 1
    }
    const info = typeof reply === 'string' ? reply : ((reply as { text?: Bytes } | null)?.text ?? '')
    const number = (field: string): number => infoNumber(info, field) ?? 0
    if (i % LINES_PER_HEADER === 0) {
      c.print(
        '------- data ------ --------------------- load -------------------- - child -\n' +
          'keys       mem      clients blocked requests            connections          \n',
      )
    }
    let keys = 0
    for (let db = 0; db < DATABASES; db++) keys += infoNumber(info, `db${db}:keys`) ?? 0
    const processed = number('total_commands_processed')
    const load = `${processed} (+${requests === 0 ? 0 : processed - requests})`
    requests = processed
    const child = number('bgsave_in_progress') | (number('aof_rewrite_in_progress') << 1) | (number('loading') << 2)
    c.print(
      `${String(keys).padEnd(11)}${bytesToHuman(number('used_memory')).padEnd(8)}` +
        ` ${String(number('connected_clients')).padEnd(8)}${String(number('blocked_clients')).padEnd(8)}` +
        `${load.padEnd(19)} ${String(number('total_connections_received')).padEnd(12)}${CHILDREN[child] ?? ''}\n`,
    )
    yield* sleep(c.options.intervalMicros || DEFAULT_MICROS)
  }
}
