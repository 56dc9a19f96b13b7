import { useSyncExternalStore } from 'react'

const query = matchMedia('(max-width: 700px)')

/** True on a phone: 700 px or less. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (tell) => {
      query.addEventListener('change', tell)
      return () => query.removeEventListener('change', tell)
    },
    () => query.matches,
  )
}
