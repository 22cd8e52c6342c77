package people

import (
	"database/sql"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/profile"
)

const (
	networksMost = 100 // of one member
	networkMax   = 60  // octets of one as it is typed
	// A wider range is hardly anybody's office, and a hundred of these are still
	// not the whole internet.
	widestIPv4 = 8
	widestIPv6 = 16
)

// networksField cleans the addresses and ranges from which somebody may act (A4)
// and notes what is wrong with them, by their line. What comes out is canonical:
// no host bits, IPv4 never written as IPv6, each once, in order.
func networksField(f *fault.Fields, s profile.Settings, typed []string) []netip.Prefix {
	const field = "allowed_ips"
	var list []netip.Prefix
	for i, line := range typed {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		network, ok := parseNetwork(line)
		switch {
		case !slices.Contains(s.IPRules, "user_allow"):
			f.Add(field, "ips_not_used")
			return nil
		case !ok:
			f.Add(field, "ip_range", "line", i+1)
			return nil
		case network.Bits() < widestIPv4, network.Addr().Is6() && network.Bits() < widestIPv6:
			f.Add(field, "ip_range_wide", "line", i+1, "ipv4", widestIPv4, "ipv6", widestIPv6)
			return nil
		}
		if list = append(list, network); len(list) > 10*networksMost { // of which most are the same
			break
		}
	}
	slices.SortFunc(list, netip.Prefix.Compare)
	list = slices.Compact(list)
	if len(list) > networksMost {
		f.Add(field, "too_many", "max", networksMost)
		return nil
	}
	return list
}

// parseNetwork reads one address or range.
func parseNetwork(line string) (netip.Prefix, bool) {
	if len(line) > networkMax {
		return netip.Prefix{}, false
	}
	address, bits, isRange := strings.Cut(line, "/")
	ip, err := netip.ParseAddr(strings.TrimSpace(address))
	if err != nil || ip.Zone() != "" {
		return netip.Prefix{}, false
	}
	if !isRange {
		ip = ip.Unmap()
		return netip.PrefixFrom(ip, ip.BitLen()), true
	}
	network, err := netip.ParsePrefix(ip.String() + "/" + strings.TrimSpace(bits))
	if err != nil {
		return netip.Prefix{}, false
	}
	if ip.Is4In6() { // ::ffff:0:0/96 is all of IPv4
		if network.Bits() < 96 {
			return netip.Prefix{}, false
		}
		network = netip.PrefixFrom(ip.Unmap(), network.Bits()-96)
	}
	return network.Masked(), true
}

// NetworkText is a network as people write it: one address without its length.
func NetworkText(network netip.Prefix) string {
	if network.IsSingleIP() {
		return network.Addr().String()
	}
	return network.String()
}

// networkTexts are networks in an audit entry.
func networkTexts(list []netip.Prefix) string {
	var out []string
	for _, n := range list {
		out = append(out, NetworkText(n))
	}
	return strings.Join(out, ", ")
}

// Networks reads from where a member may act, in order; none is from anywhere.
func Networks(tx *db.Tx, accountID, membershipID string) ([]netip.Prefix, error) {
	list, err := db.All(tx, func(r *sql.Rows) (n netip.Prefix, err error) {
		var text string
		if err = r.Scan(&text); err == nil {
			n, err = netip.ParsePrefix(text)
		}
		return n, err
	}, `SELECT network FROM membership_ips WHERE account_id = $1 AND membership_id = $2`, accountID, membershipID)
	if err != nil {
		return nil, fmt.Errorf("read allowed addresses: %w", err)
	}
	slices.SortFunc(list, netip.Prefix.Compare)
	return list, nil
}

// setNetworks makes list the whole of it.
func setNetworks(tx *db.Tx, m Member, list []netip.Prefix) error {
	if _, err := tx.Exec(`DELETE FROM membership_ips WHERE account_id = $1 AND membership_id = $2`, m.AccountID, m.ID); err != nil {
		return fmt.Errorf("clear allowed addresses: %w", err)
	}
	for _, n := range list {
		_, err := tx.Exec(`INSERT INTO membership_ips (account_id, membership_id, network) VALUES ($1, $2, $3)`, m.AccountID, m.ID, n.String())
		if err != nil {
			return fmt.Errorf("allow address: %w", err)
		}
	}
	return nil
}
