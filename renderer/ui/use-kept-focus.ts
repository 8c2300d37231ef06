import { useEffect } from 'react';

const FOCUSABLE = 'a[href], button, input, textarea, [tabindex]:not([tabindex="-1"])';
/** Nobody asked for what is beyond: when another screen is shown, the focus of the last one goes with it. */
const BORDERS = 'main, nav, [role=toolbar], [role=dialog]';

interface Focused {
  readonly element: HTMLElement;
  /** Inner ones first. */
  readonly around: readonly Element[];
  readonly place: DOMRect;
}

const canFocus = (element: HTMLElement): boolean => element.isConnected && !element.matches(':disabled');

function focusedNow(element: HTMLElement): Focused {
  const around: Element[] = [];
  for (let box = element.parentElement; box && !box.querySelector('main'); box = box.parentElement) {
    around.push(box);
    if (box.matches(BORDERS)) break;
  }
  return { element, around, place: element.getBoundingClientRect() };
}

/** The element, or what stands nearest to where it was in the innermost of its boxes that has anything. */
function stillThere({ element, around, place }: Focused): HTMLElement | undefined {
  if (canFocus(element)) return element;
  const distance = (other: HTMLElement): number => {
    const { top, left } = other.getBoundingClientRect();
    return 4 * Math.abs(top - place.top) + Math.abs(left - place.left);
  };
  for (const box of around) {
    if (!box.isConnected) continue;
    const inside = [...box.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(
      (other) => canFocus(other) && other.checkVisibility(),
    );
    if (inside.length > 0) return inside.sort((one, other) => distance(one) - distance(other))[0];
  }
  return undefined;
}

/**
 * Where what has the focus is removed or disabled, browsers give it to the body: the keyboard would begin at the window's
 * first button again. Here it goes to what stands nearest in the same row, list or panel; from a dialog, a menu or a notice
 * that is gone, back to where it was before.
 */
export function useKeptFocus(): void {
  useEffect(() => {
    const root = document.getElementById('root');
    if (!root) return undefined;
    let last: Focused | undefined;
    let lastInside: Focused | undefined;
    const onFocusIn = ({ target }: FocusEvent): void => {
      if (!(target instanceof HTMLElement)) return;
      last = focusedNow(target);
      if (root.contains(target)) lastInside = last;
    };
    const onFocusOut = ({ target, relatedTarget }: FocusEvent): void => {
      if (relatedTarget !== null || !(target instanceof HTMLElement)) return;
      // After a click beside everything it is still there, and the focus is where the person wants it.
      setTimeout(() => {
        if (last?.element === target && canFocus(target) && target.checkVisibility()) last = undefined;
      });
    };
    const onChange = (): void => {
      if (!last || canFocus(last.element)) return;
      // What was disabled is left before the next picture only.
      const { activeElement } = document;
      if (activeElement !== document.body && activeElement !== last.element) return;
      (stillThere(last) ?? (lastInside && stillThere(lastInside)))?.focus({ preventScroll: true });
    };
    const observer = new MutationObserver(onChange);
    observer.observe(document.body, { childList: true, subtree: true, attributeFilter: ['disabled'] });
    document.addEventListener('focusin', onFocusIn);
    document.addEventListener('focusout', onFocusOut);
    return () => {
      observer.disconnect();
      document.removeEventListener('focusin', onFocusIn);
      document.removeEventListener('focusout', onFocusOut);
    };
  }, []);
}
