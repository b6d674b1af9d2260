import { RouterProvider } from 'react-router';
import { router } from './console/routes';
import { draw } from './ui/Page';

draw(<RouterProvider router={router} />);
