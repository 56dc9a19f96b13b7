import { useEffect, useState } from 'react'
import { keep, useLab } from '../store.ts'

/** The live data of one view of one process; undefined until the first push, null when the process is not running. */
export function useView(process: string, view: string, args: readonly string[] = []): unknown {
  const session = useLab((s) => s.session)
  const key = JSON.stringify([process, view, args])
  const [data, setData] = useState<{ key: string; value: unknown }>({ key: '', value: undefined })
  useEffect(() => {
    if (!session || !process) return
    const [p, v, a] = JSON.parse(key) as [string, string, string[]]
    return session.subscribeView(p, v, a, (next) => {
      setData((old) => {
        const value = old.key === key ? keep(old.value, next) : next
        return old.key === key && Object.is(value, old.value) ? old : { key, value }
      })
    })
  }, [session, key, process])
  return data.key === key ? data.value : undefined
}
