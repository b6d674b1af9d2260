package tickets

import (
	"context"
	"io"
	"os"

	"github.com/deskbridge/deskbridge/internal/errs"
)

var errPending = errs.E(errs.Internal, "not there yet")

func (s *Service) Create(ctx context.Context, a Actor, n NewTicket) (Ticket, error) {
	return Ticket{}, errPending
}
func (s *Service) CreateMany(ctx context.Context, a Actor, n []NewTicket) ([]Ticket, error) {
	return nil, errPending
}
func (s *Service) Ticket(ctx context.Context, a Actor, id int64) (Ticket, error) {
	return Ticket{}, errPending
}
func (s *Service) ByRef(ctx context.Context, a Actor, ref string) (Ticket, error) {
	return Ticket{}, errPending
}

// List serves lists and searches (Filter.Words).
func (s *Service) List(ctx context.Context, a Actor, f Filter) (Page, error) {
	return Page{}, errPending
}
func (s *Service) Count(ctx context.Context, a Actor, f Filter) (int, error) { return 0, errPending }
func (s *Service) Update(ctx context.Context, a Actor, id int64, p Patch) (Ticket, error) {
	return Ticket{}, errPending
}

// Apply moves the ticket to its next state and applies the patch with it.
func (s *Service) Apply(ctx context.Context, a Actor, id int64, by Stimulus, p Patch) (Ticket, error) {
	return Ticket{}, errPending
}

// Can returns the stimuli that the actor may apply to the ticket now.
func (s *Service) Can(ctx context.Context, a Actor, t Ticket) ([]Stimulus, error) {
	return nil, errPending
}
func (s *Service) SetLink(ctx context.Context, a Actor, id int64, l Link) (Ticket, error) {
	return Ticket{}, errPending
}
func (s *Service) AppendEntries(ctx context.Context, a Actor, id int64, entries []NewEntry) ([]Entry, error) {
	return nil, errPending
}

// Entries returns the logs oldest first; only the named log when it is not "".
func (s *Service) Entries(ctx context.Context, a Actor, id int64, log Log) ([]Entry, error) {
	return nil, errPending
}

// NewFile is a file to be attached.
type NewFile struct {
	Log    Log // "" means Public for AccessOwn, Private otherwise
	Name   string
	Marker string // AccessSystem only
	Data   io.Reader
}

func (s *Service) Attach(ctx context.Context, a Actor, id int64, f NewFile) (Attachment, error) {
	return Attachment{}, errPending
}
func (s *Service) Attachments(ctx context.Context, a Actor, id int64) ([]Attachment, error) {
	return nil, errPending
}
func (s *Service) OpenAttachment(ctx context.Context, a Actor, id string) (Attachment, *os.File, error) {
	return Attachment{}, nil, errPending
}
func (s *Service) History(ctx context.Context, a Actor, id int64) ([]AttributeChange, error) {
	return nil, errPending
}

func (s *Service) Organisations(ctx context.Context, a Actor, f DirectoryFilter) ([]Organisation, int, error) {
	return nil, 0, errPending
}
func (s *Service) Organisation(ctx context.Context, a Actor, id int64) (Organisation, error) {
	return Organisation{}, errPending
}
func (s *Service) CreateOrganisations(ctx context.Context, a Actor, os ...Organisation) ([]Organisation, error) {
	return nil, errPending
}
func (s *Service) UpdateOrganisation(ctx context.Context, a Actor, o Organisation) (Organisation, error) {
	return Organisation{}, errPending
}
func (s *Service) DeleteOrganisation(ctx context.Context, a Actor, id int64) error { return errPending }

func (s *Service) Persons(ctx context.Context, a Actor, f DirectoryFilter) ([]Person, int, error) {
	return nil, 0, errPending
}
func (s *Service) Person(ctx context.Context, a Actor, id int64) (Person, error) {
	return Person{}, errPending
}

// PersonByEmail returns the first person who is not obsolete (IC-36).
func (s *Service) PersonByEmail(ctx context.Context, a Actor, email string) (Person, error) {
	return Person{}, errPending
}
func (s *Service) CreatePersons(ctx context.Context, a Actor, ps ...Person) ([]Person, error) {
	return nil, errPending
}
func (s *Service) UpdatePerson(ctx context.Context, a Actor, p Person) (Person, error) {
	return Person{}, errPending
}
func (s *Service) DeletePerson(ctx context.Context, a Actor, id int64) error { return errPending }

func (s *Service) Teams(ctx context.Context, a Actor, f DirectoryFilter) ([]Team, int, error) {
	return nil, 0, errPending
}
func (s *Service) Team(ctx context.Context, a Actor, id int64) (Team, error) {
	return Team{}, errPending
}
func (s *Service) CreateTeams(ctx context.Context, a Actor, ts ...Team) ([]Team, error) {
	return nil, errPending
}
func (s *Service) UpdateTeam(ctx context.Context, a Actor, t Team) (Team, error) {
	return Team{}, errPending
}
func (s *Service) DeleteTeam(ctx context.Context, a Actor, id int64) error { return errPending }
func (s *Service) Members(ctx context.Context, a Actor, teamID int64) ([]Member, error) {
	return nil, errPending
}

// SetMember adds a person to a team or changes their rights there.
func (s *Service) SetMember(ctx context.Context, a Actor, m Member) error { return errPending }
func (s *Service) RemoveMember(ctx context.Context, a Actor, teamID, personID int64) error {
	return errPending
}

// Services lists what may be chosen; an AccessOwn actor sees what is open to
// their organisation.
func (s *Service) Services(ctx context.Context, a Actor, f DirectoryFilter) ([]Offering, int, error) {
	return nil, 0, errPending
}
func (s *Service) Offering(ctx context.Context, a Actor, id int64) (Offering, error) {
	return Offering{}, errPending
}
func (s *Service) CreateServices(ctx context.Context, a Actor, os ...Offering) ([]Offering, error) {
	return nil, errPending
}
func (s *Service) UpdateService(ctx context.Context, a Actor, o Offering) (Offering, error) {
	return Offering{}, errPending
}
func (s *Service) DeleteService(ctx context.Context, a Actor, id int64) error { return errPending }

// Subcategories lists sub-services; DirectoryFilter.ParentID is the service.
func (s *Service) Subcategories(ctx context.Context, a Actor, f DirectoryFilter) ([]Subcategory, int, error) {
	return nil, 0, errPending
}
func (s *Service) Subcategory(ctx context.Context, a Actor, id int64) (Subcategory, error) {
	return Subcategory{}, errPending
}
func (s *Service) CreateSubcategories(ctx context.Context, a Actor, ss ...Subcategory) ([]Subcategory, error) {
	return nil, errPending
}
func (s *Service) UpdateSubcategory(ctx context.Context, a Actor, sc Subcategory) (Subcategory, error) {
	return Subcategory{}, errPending
}
func (s *Service) DeleteSubcategory(ctx context.Context, a Actor, id int64) error { return errPending }

// CustomFields returns the fields of a class ("" for all) by position.
func (s *Service) CustomFields(ctx context.Context, a Actor, class Class) ([]CustomField, error) {
	return nil, errPending
}
func (s *Service) CreateCustomField(ctx context.Context, a Actor, f CustomField) (CustomField, error) {
	return CustomField{}, errPending
}
func (s *Service) UpdateCustomField(ctx context.Context, a Actor, f CustomField) (CustomField, error) {
	return CustomField{}, errPending
}
func (s *Service) DeleteCustomField(ctx context.Context, a Actor, id int64) error { return errPending }
