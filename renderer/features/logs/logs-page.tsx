import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';
import { LogView } from './log-view.tsx';

export function LogsPage() {
  const { t } = useTranslation();
  return (
    <Page title={t('frame.logs')} flush>
      <LogView name="Terrarium" />
    </Page>
  );
}
