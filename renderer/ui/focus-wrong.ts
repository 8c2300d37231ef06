/** The first field of a form that is marked as wrong has the focus, and is in sight with its name and what is wrong. */
export function focusWrong(form: HTMLElement | null): void {
  const field = form?.querySelector<HTMLElement>('[aria-invalid=true]');
  field?.focus();
  field?.scrollIntoView({ block: 'center' });
}
