/** redis-cli's command line, for its options and modes: what a shell would be for. */
import { useEffect, useId, useRef, useState } from 'react'
import { utf8Decode, utf8Encode } from '../../engine/bytes/bytes.ts'
import { splitArgs } from '../../engine/bytes/quote.ts'
import { openTerminal } from '../actions.ts'
import { lab } from '../store.ts'
import { addressOf } from '../world-facts.ts'

const EXAMPLES = [
  '-c',
  '--cluster help',
  '--stat',
  '--bigkeys',
  '--memkeys',
  '--latency-history -i 1',
  "--scan --pattern 'user:*'",
  '-r 10 -i 1 info replication',
  '--eval /dev/stdin key , argument',
  '--pipe',
]

export function CommandLine({ process, onDone }: { process: string; onDone: () => void }) {
  const [text, setText] = useState('')
  const [problem, setProblem] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const id = useId()
  useEffect(() => input.current?.focus(), [])
  const session = lab.get().session
  const address = session ? addressOf(session.scenario, process) : process
  const [host, port] = address.split(':')
  const run = () => {
    const words = splitArgs(utf8Encode(text))
    if (words === null) return setProblem('A quote is open, or text follows a closing quote.')
    openTerminal(process, true, words.map(utf8Decode))
    onDone()
  }
  return (
    <form
      className="cmdline"
      aria-label={`redis-cli with options on ${process}`}
      onSubmit={(e) => {
        e.preventDefault()
        run()
      }}
      onKeyDown={(e) => {
        if (e.key !== 'Escape') return
        e.stopPropagation()
        onDone()
      }}
    >
      <label className="mono" htmlFor={id}>
        redis-cli -h {host} -p {port}
      </label>
      <input
        id={id}
        ref={input}
        className="field mono"
        list={`${id}-examples`}
        value={text}
        placeholder="--stat"
        spellCheck={false}
        autoComplete="off"
        aria-invalid={problem !== ''}
        aria-describedby={problem ? `${id}-problem` : undefined}
        data-testid="cli-options"
        onChange={(e) => {
          setText(e.target.value)
          setProblem('')
        }}
      />
      <datalist id={`${id}-examples`}>
        {[...EXAMPLES, `--cluster check ${address}`].map((example) => (
          <option key={example} value={example} />
        ))}
      </datalist>
      <button type="submit" className="btn small">
        Run
      </button>
      {problem && (
        <span role="alert" className="problem" id={`${id}-problem`}>
          {problem}
        </span>
      )}
    </form>
  )
}
