import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { DEBIAN_PACKAGES, MACHINE_TEMPLATES, type MachineTemplate } from '../../../core/contract/index.ts';
import { useResource } from '../../state/resource.ts';

/** Systems that a machine can be made for on this computer, and those that are to come. */
export function useTemplates(): readonly MachineTemplate[] {
  const { value: info } = useResource('app.info', {});
  return MACHINE_TEMPLATES.filter(({ id }) => id !== DEBIAN_PACKAGES || info?.debian === 'available');
}

/** Why a system is shown that cannot be chosen. */
export function NotYet({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  return (
    <Text span display="block" size="xs" fw={400}>
      {t(`template.notYet.${id}` as 'template.notYet.linux64')}
    </Text>
  );
}
