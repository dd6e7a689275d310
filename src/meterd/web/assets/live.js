/** Asks again by itself, never while nobody looks. */

/**
 * Call `work` again and again, `period()` milliseconds after it is done; 0 pauses. A hidden page waits until it is seen.
 * Returns `{now, stop}`: ask at once, and for ever no more.
 */
export function repeat(work, period) {
  let timer = 0;
  let stopped = false;
  const plan = () => {
    clearTimeout(timer);
    const after = period();
    if (!stopped && after > 0 && !document.hidden) timer = setTimeout(now, after);
  };
  const now = async () => {
    clearTimeout(timer);
    try {
      await work();
    } finally {
      plan();
    }
  };
  const onVisible = () => (document.hidden ? clearTimeout(timer) : stopped || period() <= 0 || now());
  document.addEventListener("visibilitychange", onVisible);
  const stop = () => {
    stopped = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onVisible);
  };
  return { now, plan, stop };
}
