/** strerror(3): what Redis prints for an errno. */
const TEXTS: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  ENOSPC: 'No space left on device',
  EIO: 'Input/output error',
  EACCES: 'Permission denied',
  EISDIR: 'Is a directory',
  EROFS: 'Read-only file system',
  ENOTDIR: 'Not a directory',
  EPERM: 'Operation not permitted',
  EMFILE: 'Too many open files',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EAFNOSUPPORT: 'Address family not supported by protocol',
  EINVAL: 'Invalid argument',
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  ETIMEDOUT: 'Connection timed out',
}
export const strerror = (errno: string): string => TEXTS[errno] ?? errno
