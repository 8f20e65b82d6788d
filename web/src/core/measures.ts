/** Seconds and bytes as people read them. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Returns bytes with two or three digits: 54 MB, 1.2 GB. */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0]
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`
}

/** Returns a time with two or three digits: 0.03 s, 5.8 s, 2:05 min, 1:02:00 h. */
export function secondsText(seconds: number): string {
  if (seconds < 0.095) return `${seconds.toFixed(2)} s`
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const two = (number: number) => String(number).padStart(2, '0')
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  if (hours === 0) return `${minutes}:${two(whole % 60)} min`
  return `${hours}:${two(minutes)}:${two(whole % 60)} h`
}
