/** How long to wait before trying again. Pure. */

/**
 * Return seconds before attempt `attempt` (from 0): doubling from 0.5 to 10, each spread over its upper half so
 * that many pages do not come back at the same moment.
 */
export function delay(attempt, random = Math.random()) {
  const longest = Math.min(10, 0.5 * 2 ** attempt);
  return longest * (0.5 + random / 2);
}
