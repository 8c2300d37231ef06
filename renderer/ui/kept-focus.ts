import { useEffect } from 'react';

const FOCUSABLE =
  'a[href], button:not(:disabled), input:not(:disabled), textarea:not(:disabled), [tabindex]:not([tabindex="-1"])';

interface Focused {
  readonly element: HTMLElement;
  /** Inner ones first. */
  readonly around: readonly Element[];
  readonly place: DOMRect;
}

const canFocus = (element: HTMLElement): boolean => element.isConnected && !element.matches(':disabled');

/**
 * Where what has the focus is removed or disabled, browsers give it to the body: the keyboard would begin at the window's
 * first button again. Here it goes to what stands nearest in the same row, list or panel; from a dialog or a notice, back
 * to where it was before.
 */
export function useKeptFocus(): void {
  useEffect(() => {
    const root = document.getElementById('root');
    if (!root) return undefined;
    let inside: Focused | undefined;
    let last: HTMLElement | undefined;
    const nearest = ({ around, place }: Focused): HTMLElement | undefined => {
      const distance = (element: HTMLElement): number => {
        const { top, left } = element.getBoundingClientRect();
        return 4 * Math.abs(top - place.top) + Math.abs(left - place.left);
      };
      for (const box of around) {
        const [first] = box.isConnected
          ? [...box.querySelectorAll<HTMLElement>(FOCUSABLE)]
              .filter((element) => element.checkVisibility())
              .sort((one, other) => distance(one) - distance(other))
          : [];
        if (first) return first;
      }
      return undefined;
    };
    const onFocusIn = ({ target }: FocusEvent): void => {
      if (!(target instanceof HTMLElement)) return;
      last = target;
      if (!root.contains(target)) return;
      const around: Element[] = [];
      // Not beyond its own part of the screen: when another screen is shown, none of that was asked for.
      for (let box = target.parentElement; box && !box.querySelector('main'); box = box.parentElement) {
        around.push(box);
        if (box.matches('main, nav, [role=toolbar]')) break;
      }
      inside = { element: target, around, place: target.getBoundingClientRect() };
    };
    const onFocusOut = ({ target, relatedTarget }: FocusEvent): void => {
      if (relatedTarget !== null || !(target instanceof HTMLElement)) return;
      // After a click beside everything it is still there, and the focus is where the person wants it.
      setTimeout(() => {
        if (last === target && canFocus(target)) last = undefined;
      });
    };
    const onChange = (): void => {
      if (document.activeElement !== document.body || !last || canFocus(last) || !inside) return;
      last = undefined;
      (canFocus(inside.element) ? inside.element : nearest(inside))?.focus({ preventScroll: true });
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
