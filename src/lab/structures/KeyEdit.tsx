/** Changing a key: the command is written here, and typed into redis-cli; the server decides. */
import { useState } from 'react'
import { typeInto } from './Cli.tsx'
import { commandsFor } from './key-commands.ts'

export function KeyEdit({ process, name, type }: { process: string; name: string; type: string }) {
  const [open, setOpen] = useState(false)
  const [draft, setDraft] = useState<string | null>(null)
  const list = commandsFor(name, type)
  const line = draft ?? list[0] ?? ''
  if (!open)
    return (
      <button type="button" className="btn small try" onClick={() => setOpen(true)}>
        Edit
      </button>
    )
  return (
    <form
      className="keyedit"
      data-testid="key-edit"
      onSubmit={(e) => {
        e.preventDefault()
        if (line.trim() !== '') typeInto(process, [line])
      }}
    >
      <select
        className="field mono"
        aria-label="Command"
        value={list.includes(line) ? line : ''}
        onChange={(e) => setDraft(e.target.value)}
      >
        {!list.includes(line) && <option value="">changed</option>}
        {list.map((c) => (
          <option key={c}>{c}</option>
        ))}
      </select>
      <input
        className="field mono"
        aria-label="Command to type"
        value={line}
        onChange={(e) => setDraft(e.target.value)}
      />
      <button type="submit" className="btn small">
        Type it
      </button>
      <button type="button" className="btn q small" onClick={() => setOpen(false)}>
        Close
      </button>
    </form>
  )
}
